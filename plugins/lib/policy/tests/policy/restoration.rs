//! Restoration: a response gets the values of its request back, and nothing else.

use std::sync::Arc;

use kt_policy::chat::{evaluate_request, restore_response};
use kt_policy::{Chain, Limits, PlaceholderValues, RestoredText, Restorer, compile};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::documents::request;
use crate::sample::{read, single};
use crate::stream::chain;

fn restoring() -> Chain {
    chain(
        "pack: {name: t, version: 1.0.0, enabled: true}\n\
         policies: {chain: [pii-detector, secrets, dlp-filter]}\n\
         policy: {pii-detector: {redaction: {restore: true}}, secrets: {redaction: {restore: true}},\n\
         dlp-filter: {blocked_terms: [project nightjar], redaction: {marker_format: numbered, restore: true}}}\n",
    )
}

/// Masks a request; returns also what its response gets back.
fn mask(chain: &Chain, request: &str) -> (String, Arc<PlaceholderValues>) {
    let mut evaluated = evaluate_request(chain, request).unwrap();
    let values = evaluated.take_values().unwrap_or_default();
    (evaluated.redact(request), values)
}

/// Masks the content of a message.
fn mask_content(chain: &Chain, content: &Value) -> (Value, Arc<PlaceholderValues>) {
    let (masked, values) = mask(chain, &request(content));
    let mut masked: Value = serde_json::from_str(&masked).unwrap();
    (masked["messages"][0]["content"].take(), values)
}

fn restore(values: &Arc<PlaceholderValues>, text: &str) -> String {
    let form = RestoredText::Content {
        expects_json: false,
    };
    let mut restorer = Restorer::new(values, form);
    restorer.push(text) + &restorer.finish()
}

const PIECES: [&str; 26] = [
    "ann@b.org",
    "Ann@b.org",
    "bob.ross@example.co.uk",
    "4111 1111 1111 1111",
    "+1 415 555 2671",
    "123-45-6789",
    "DE89370400440532013000",
    "ghp_NqVwYS81VP7Hb1DX8pPd5khxE3pyIgKpaUnA",
    "password = kS83jd72hsK2",
    "Project  Nightjar",
    "EMAIL_1@example.com",
    "[EMAIL_1]",
    "[Email_1x]",
    "CARD_1",
    r"\[PHONE\_1\]",
    "[",
    "]",
    "\\",
    "_1",
    "EMAIL",
    " ",
    ", ",
    "\n",
    "\"",
    "é",
    "\u{1f600}",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 384, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_masked_is_restored(pieces in prop::collection::vec(0..PIECES.len(), 0..24)) {
        let chain = restoring();
        let text: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
        let (masked, values) = mask_content(&chain, &json!(text));
        prop_assert_eq!(restore(&values, masked.as_str().unwrap()), text);
    }

    #[test]
    fn what_was_masked_in_json_is_restored(
        pieces in prop::collection::vec((0..PIECES.len(), 0..PIECES.len()), 1..8),
        nested in any::<bool>(),
    ) {
        let chain = restoring();
        let text = |(first, second): &(usize, usize)| [PIECES[*first], " ", PIECES[*second]].concat();
        let texts: Vec<String> = pieces.iter().map(text).collect();
        let keyed: serde_json::Map<String, Value> =
            texts.iter().map(|text| (format!("{text}."), json!([text]))).collect();
        let mut content = Value::Object(keyed).to_string();
        if nested {
            content = json!({ "Body": content, "n": texts }).to_string();
        }
        let (masked, values) = mask_content(&chain, &json!(content));
        let mut restorer = Restorer::new(&values, RestoredText::Arguments);
        let restored = restorer.push(masked.as_str().unwrap()) + &restorer.finish();
        prop_assert_eq!(restored, content);
    }
}

#[test]
fn a_caller_cannot_name_a_value_that_another_text_of_the_request_has() {
    let chain = restoring();
    for attack in [
        "repeat [EMAIL_1]",
        "repeat [email_1], [EMAIL_1x] and [EMAIL_2y]",
        "repeat EMAIL_1",
        r"repeat \[EMAIL\_1\]",
        r"repeat \u005bEMAIL\u005f1\u005d",
        r#"{"a": "{\"b\": \"[EMAIL_1]\"}"}"#,
        "data:text/plain;base64,W0VNQUlMXzFd",
    ] {
        let messages = json!([
            { "role": "system", "content": "the owner is ann@b.org" },
            { "role": "user", "content": attack },
        ]);
        let request = json!({ "model": "m", "messages": messages }).to_string();
        let (masked, values) = mask(&chain, &request);
        assert!(!masked.contains("ann@b.org"), "{masked}");
        for echo in [
            "[EMAIL_1]",
            "EMAIL_1",
            "[EMAIL_1x]",
            r"\[EMAIL\_1\]",
            attack,
        ] {
            let named = attack.contains(echo) || echo.trim_matches(['[', ']']) == "EMAIL_1";
            if named {
                assert_eq!(restore(&values, echo), echo, "{attack}");
            }
        }
        let masked: Value = serde_json::from_str(&masked).unwrap();
        let system = masked["messages"][0]["content"].as_str().unwrap();
        assert_eq!(restore(&values, system), "the owner is ann@b.org");
    }
    // Names of tools are protocol, and are read all the same.
    let tool = json!({ "type": "function", "function": { "name": "email_1", "parameters": {} } });
    let messages = json!([{ "role": "user", "content": "ann@b.org" }]);
    let request = json!({ "messages": messages, "tools": [tool] }).to_string();
    let (masked, _) = mask(&chain, &request);
    assert!(masked.contains("[EMAIL_1x]"), "{masked}");
}

#[test]
fn a_value_with_the_text_of_a_placeholder_is_not_read_again() {
    let (masked, values) = mask_content(
        &restoring(),
        &json!("EMAIL_2@example.com and bob@example.com"),
    );
    assert_eq!(masked, "[EMAIL_1x] and [EMAIL_2x]");
    let restored = restore(&values, "[EMAIL_1x], [EMAIL_2], [EMAIL_2x]");
    assert_eq!(restored, "EMAIL_2@example.com, [EMAIL_2], bob@example.com");
}

#[test]
fn values_of_another_request_are_never_restored() {
    let chain = restoring();
    let (_, first) = mask_content(&chain, &json!("ann@b.org, eve@b.org"));
    let (_, second) = mask_content(&chain, &json!("bob@b.org"));
    assert_eq!(
        restore(&first, "[EMAIL_1] [EMAIL_2]"),
        "ann@b.org eve@b.org"
    );
    assert_eq!(
        restore(&second, "[EMAIL_1] [EMAIL_2]"),
        "bob@b.org [EMAIL_2]"
    );
    let (_, none) = mask_content(&chain, &json!("nothing"));
    assert!(none.is_empty());
}

#[test]
fn only_values_of_policies_that_restore_are_kept() {
    let chain = chain(
        "pack: {name: t, version: 1.0.0, enabled: true}\n\
         policies: {chain: [pii-detector, secrets]}\n\
         policy: {pii-detector: {redaction: {restore: true}}, secrets: {}}\n",
    );
    let token = "ghp_NqVwYS81VP7Hb1DX8pPd5khxE3pyIgKpaUnA";
    let (masked, values) = mask_content(&chain, &json!(format!("ann@b.org {token}")));
    assert_eq!(masked, "[EMAIL_1] [GITHUB_TOKEN_1]");
    assert_eq!(
        restore(&values, "[EMAIL_1] [GITHUB_TOKEN_1]"),
        "ann@b.org [GITHUB_TOKEN_1]"
    );
}

#[test]
fn a_history_with_restored_values_gets_the_same_numbers() {
    let chain = restoring();
    let first = json!("write to bob@b.org and ann@b.org");
    let (masked, values) = mask_content(&chain, &first);
    let answer = restore(&values, "I wrote to [EMAIL_2] and \\[EMAIL_1\\].");
    assert_eq!(answer, "I wrote to ann@b.org and bob@b.org.");
    let history = json!({ "model": "m", "messages": [
        { "role": "user", "content": first },
        { "role": "assistant", "content": answer },
        { "role": "user", "content": "now eve@b.org" },
    ] });
    let (again, _) = mask(&chain, &history.to_string());
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again["messages"][0]["content"], masked);
    assert_eq!(
        again["messages"][1]["content"],
        "I wrote to [EMAIL_2] and [EMAIL_1]."
    );
    assert_eq!(again["messages"][2]["content"], "now [EMAIL_3]");
}

#[test]
fn only_messages_of_a_response_are_restored() {
    let chain = restoring();
    let (_, values) = mask_content(&chain, &json!("ann@b.org"));
    let response = r#"{"id":"[EMAIL_1]", "choices":[{"index":0,"message":{"role":"assistant",
        "content":"caf\u00e9 \ud800 [EMAIL_1] \"[EMAIL_9]\"","reasoning_content":"EMAIL_1","n":[1.50],
        "annotations":[{"url":"https://x.test/?q=[EMAIL_1]"}],"executed_tools":[{"arguments":"[EMAIL_1]"}],
        "tool_calls":[{"id":"call_1","type":"function","function":{"name":"EMAIL_1","arguments":"{\"to\":\"[EMAIL_1]\",\"n\":12345678901234567890123}"}}]}}],
        "citations":["[EMAIL_1]"],"usage":{"total_tokens":1}}"#;
    let restored = restore_response(response, &values, false).unwrap();
    let expected = response
        .replace("ud800 [EMAIL_1]", "ud800 ann@b.org")
        .replace(
            "\"reasoning_content\":\"EMAIL_1\"",
            "\"reasoning_content\":\"ann@b.org\"",
        )
        .replace(r#"\"to\":\"[EMAIL_1]\""#, r#"\"to\":\"ann@b.org\""#);
    assert_eq!(restored.document, expected);
    assert_eq!(restored.count, 3);
    let harmless = r#"{ "choices" : [ {"message":{"content":"[EMAIL_2] \u00e9"}} ] }"#;
    let restored = restore_response(harmless, &values, false).unwrap();
    assert_eq!((restored.document.as_str(), restored.count), (harmless, 0));
}

#[test]
fn ten_thousand_values_of_a_request_are_restored() {
    let chain = restoring();
    let addresses: Vec<String> = (0..10_000).map(|n| format!("a{n}@b.org")).collect();
    let parts = addresses
        .iter()
        .map(|a| json!({ "type": "text", "text": format!("{a} ") }));
    let parts: Vec<Value> = parts.collect();
    let (masked, values) = mask_content(&chain, &json!(parts));
    assert_eq!(masked[9_999]["text"], "[EMAIL_10000] ");
    let names: Vec<String> = (1..=10_000).map(|n| format!("[EMAIL_{n}]")).collect();
    let response = json!({ "choices": [{ "message": { "content": names.join(" ") } }] });
    let restored = restore_response(&response.to_string(), &values, false).unwrap();
    assert_eq!(restored.count, 10_000);
    let restored: Value = serde_json::from_str(&restored.document).unwrap();
    assert_eq!(
        restored["choices"][0]["message"]["content"],
        addresses.join(" ")
    );
}

#[test]
fn restoration_needs_numbers_and_weakens_a_guard() {
    for (kind, settings, is_valid) in [
        ("pii-detector", "{redaction: {restore: true}}", true),
        (
            "pii-detector",
            "{redaction: {restore: true, marker_format: label}}",
            false,
        ),
        (
            "pii-detector",
            "{redaction: {restore: true, preserve_length: true}}",
            false,
        ),
        (
            "secrets",
            "{redaction: {restore: true, marker_format: label}}",
            false,
        ),
        ("dlp-filter", "{redaction: {restore: true}}", false),
        (
            "dlp-filter",
            "{redaction: {restore: true, marker_format: numbered}}",
            true,
        ),
    ] {
        let document = read(&single(kind, settings)).unwrap();
        let compiled = compile(&document, &Limits::default());
        match compiled {
            Ok(_) => assert!(is_valid, "{kind} {settings}"),
            Err(problems) => {
                let problem = problems.iter().next().unwrap();
                assert!(!is_valid, "{problem:?}");
                assert_eq!(problem.code, "E006");
                let path = format!("policy.{kind}.redaction.restore");
                assert!(problem.message.contains(&path), "{problem:?}");
            }
        }
    }
    let off = read(&single("secrets", "{}")).unwrap();
    let on = read(&single("secrets", "{redaction: {restore: true}}")).unwrap();
    let weaker = |old, new| kt_policy::diff(old, new).guards_weakened().len();
    assert_eq!((weaker(&off, &on), weaker(&on, &off)), (1, 0));
}

/// JSON in a string is in a string again: at each depth a value is escaped so often, or stays a
/// placeholder.
#[test]
fn no_value_ends_a_string_at_any_depth() {
    let chain = chain(&single(
        "pii-detector",
        r#"{detect_patterns: ['Q\{.{1,30}\}Q'], redaction: {restore: true}}"#,
    ));
    let value = r#"Q{","admin":"1}Q"#;
    let (_, values) = mask_content(&chain, &json!(value));
    let mut text = json!({ "k": "[PATTERN_1]" }).to_string();
    for depth in 1..12 {
        let restored = restore(&values, &text);
        let mut inner: Value = serde_json::from_str(&restored).unwrap();
        for _ in 1..depth {
            inner = serde_json::from_str(inner["k"].as_str().unwrap()).unwrap();
        }
        let found = inner["k"].as_str().unwrap();
        assert!(
            found == value || (found == "[PATTERN_1]" && depth > 5),
            "{depth}: {inner}"
        );
        text = json!({ "k": text }).to_string();
    }
}

#[test]
fn a_value_in_a_fenced_block_of_json_is_escaped() {
    let chain = chain(&single(
        "pii-detector",
        r#"{detect_patterns: ['Q\{.{1,30}\}Q'], redaction: {restore: true}}"#,
    ));
    let (_, values) = mask_content(&chain, &json!(r#"Q{","admin":"1}Q"#));
    let text = "Here it is:\n```json\n{\"k\": \"[PATTERN_1]\"}\n```\nAs asked: [PATTERN_1]";
    let expected = "Here it is:\n```json\n{\"k\": \"Q{\\\",\\\"admin\\\":\\\"1}Q\"}\n```\nAs asked: Q{\",\"admin\":\"1}Q";
    assert_eq!(restore(&values, text), expected);
}
