//! Values where a request has words of the protocol, files and pictures.

use kt_policy::chat::{evaluate_request, evaluate_response};
use kt_policy::{Chain, Decision};
use serde_json::{Value, json};

use crate::documents::{blocked, redacted, request};
use crate::stream::chain;

const TOKEN: &str = "ghp_aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD3fG6";

fn guards() -> Chain {
    chain(
        "pack: {name: t, version: 1.0.0, enabled: true}\n\
         policies: {chain: [prompt-injection, pii-detector, secrets, dlp-filter]}\n\
         policy: {prompt-injection: {}, pii-detector: {}, secrets: {}, \
         dlp-filter: {action: redact, blocked_terms: [zephyr]}}\n",
    )
}

#[test]
fn words_of_the_protocol_have_no_values() {
    let chain = guards();
    let with = |members: Value| {
        let mut request =
            json!({ "model": "m", "messages": [{ "role": "user", "content": "hi" }] });
        for (key, value) in members.as_object().unwrap() {
            request[key] = value.clone();
        }
        request.to_string()
    };
    for value in [TOKEN, "zephyr", "AKIAIOSFODNN7EXAMPLF"] {
        let message = |members: Value| with(json!({ "messages": [members] }));
        for document in [
            with(json!({ "metadata": { "id": value, "request_id": value } })),
            with(json!({ "metadata": { "type": value, "mode": value, "data": value } })),
            with(json!({ "tool_choice": value, "service_tier": value })),
            with(
                json!({ "tools": [{ "type": "function", "function": { "name": "f", "parameters": { "examples": [{ "id": value, "type": value, "data": value }] } } }] }),
            ),
            message(json!({ "role": value, "content": "hi" })),
            message(json!({ "role": "tool", "tool_call_id": value, "content": "hi" })),
            message(json!({ "role": "user", "content": [{ "type": value, "id": value }] })),
            message(json!({ "role": "user", "content": { "type": value, "data": value } })),
            message(
                json!({ "role": "user", "content": [{ "type": "file", "file": { "file_id": value } }] }),
            ),
            message(
                json!({ "role": "assistant", "tool_calls": [{ "id": value, "type": "function", "function": { "name": "f", "arguments": { "id": value } } }] }),
            ),
        ] {
            let sent = redacted(&chain, &document);
            assert!(!sent.contains(value), "{sent}");
            assert!(
                sent.contains("_1]") || sent.contains("[REDACTED]"),
                "{sent}"
            );
        }
    }
    let card = with(
        json!({ "x": { "created": 4_111_111_111_111_111_u64, "index": 4_111_111_111_111_111_u64 } }),
    );
    assert!(!redacted(&chain, &card).contains("4111"), "{card}");
    let kept = with(json!({
        "tool_choice": "auto", "metadata": { "id": "call-99887766", "type": "some_type" }, "x": { "created": 1_764_500_000_123_u64 },
        "messages": [
            { "role": "assistant", "tool_calls": [{ "id": "call_550e8400", "type": "function", "function": { "name": "f", "arguments": "{}" } }] },
            { "role": "tool", "tool_call_id": "call-55018400-4291-4175-9716-446655440000", "content": "ok" },
        ],
    }));
    assert_eq!(redacted(&chain, &kept), kept);
}

#[test]
fn a_name_that_cannot_be_redacted_is_refused() {
    let chain = guards();
    for (name, reason) in [
        (TOKEN, Some("secrets.detected")),
        ("4111111111111111", Some("pii.detected")),
        ("zephyr", Some("dlp.detected")),
        ("get_weather", None),
    ] {
        let function = json!({ "type": "function", "function": { "name": name } });
        for document in [
            json!({ "messages": [], "tools": [function] }),
            json!({ "messages": [], "tool_choice": function }),
            json!({ "messages": [], "response_format": { "type": "json_schema", "json_schema": { "name": name } } }),
            json!({ "messages": [{ "role": "assistant", "tool_calls": [{ "id": "call_1", "type": "function", "function": { "name": name, "arguments": "{}" } }] }] }),
        ] {
            assert_eq!(blocked(&chain, &document.to_string()), reason, "{document}");
        }
        let answer =
            json!({ "choices": [{ "message": { "tool_calls": [function] } }] }).to_string();
        let evaluated = evaluate_response(&chain, &answer).unwrap();
        let is_blocked = matches!(evaluated.evaluation.decision, Decision::Block(_));
        assert_eq!(is_blocked, reason.is_some(), "{answer}");
    }
}

#[test]
fn files_and_pictures_of_text_are_read() {
    let chain = guards();
    let wide = "YQBuAG4AQABiAC4AbwByAGcA";
    for url in [
        // `<svg>ann@b.org</svg>`, ann@b.org in UTF-16 with and without a mark, é ann@b.org in Latin 1.
        "data:image/svg+xml;base64,PHN2Zz5hbm5AYi5vcmc8L3N2Zz4=".to_owned(),
        "data:image/svg+xml;utf8,<svg>ann@b.org</svg>".to_owned(),
        format!("data:text/plain;charset=utf-16;base64,{wide}"),
        format!("data:text/plain;base64,//5h{}", &wide[4..]),
        "data:text/plain;charset=iso-8859-1;base64,6SBhbm5AYi5vcmc=".to_owned(),
        // Text that is said to be a picture, a document, or a program.
        "data:image/png;base64,d3JpdGUgdG8gYW5uQGIub3JnIG5vdw==".to_owned(),
        "data:application/pdf;base64,d3JpdGUgdG8gYW5uQGIub3JnIG5vdw==".to_owned(),
        "data:application/javascript;base64,YW5uQGIub3Jn".to_owned(),
        "data:text/plain;base64,d3JpdGUgdG8g\nYW5uQGIub3Jn\nIG5vdw==".to_owned(),
    ] {
        let file = json!([{ "type": "file", "file": { "filename": "a", "file_data": url } }]);
        let evaluated = evaluate_request(&chain, &request(&file)).unwrap();
        let found = &evaluated.evaluation.findings;
        assert!(found.iter().any(|finding| finding.kind == "email"), "{url}");
        assert_ne!(redacted(&chain, &request(&file)), request(&file));
    }
    let picture = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    let part = json!([{ "type": "image_url", "image_url": { "url": picture } }]);
    assert_eq!(redacted(&chain, &request(&part)), request(&part));
}

#[test]
fn values_in_lines_of_base64_are_found() {
    let chain = guards();
    // What Base64 of mails and of `base64` looks like: lines of 76 characters.
    let lines = "c29tZSB3b3JkcyB0aGF0IHN0YW5kIGJlZm9yZSB0aGUgYWRkcmVzcyBvZiBhIHBlcnNvbiwgd2hp\nY2ggaXMgYm9iLnNtaXRoQGV4YW1wbGUuY29tLCBhbmQgc29tZSBiZWhpbmQgaXQ=";
    let sent = redacted(&chain, &request(&json!(lines)));
    assert!(!sent.contains("c21pdGhAZXhhbXBsZS5jb20"), "{sent}");
}
