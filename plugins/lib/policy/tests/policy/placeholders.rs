//! Placeholders: the number of a value is that of its first occurrence.

use serde_json::{Value, json};

use crate::documents::{guards, redacted, request};
use crate::sample::single;
use crate::stream::chain;

fn messages(chain: &kt_policy::Chain, messages: &Value) -> Value {
    let request = json!({ "model": "m", "messages": messages }).to_string();
    let mut request: Value = serde_json::from_str(&redacted(chain, &request)).unwrap();
    request["messages"].take()
}

#[test]
fn a_value_has_one_number_in_messages_tool_arguments_and_results() {
    let chain = guards();
    let arguments = json!({ "to": "bob@b.org", "n": 4_111_111_111_111_111_u64, "body": json!({ "cc": "ann@b.org" }).to_string() });
    let call = |arguments: &Value| {
        json!({ "role": "assistant", "tool_calls": [{ "id": "call_1", "type": "function",
        "function": { "name": "send", "arguments": arguments.to_string() } }] })
    };
    let result = |text: &str| json!({ "role": "tool", "tool_call_id": "call_1", "content": text });
    let sent = json!([
        { "role": "system", "content": "answer ann@b.org" },
        { "role": "user", "content": [{ "type": "text", "text": "write to bob@b.org and ann@b.org" }] },
        call(&arguments),
        result("sent to bob@b.org, copy to eve@b.org"),
    ]);
    let masked = json!([
        { "role": "system", "content": "answer [EMAIL_1]" },
        { "role": "user", "content": [{ "type": "text", "text": "write to [EMAIL_2] and [EMAIL_1]" }] },
        call(&json!({ "to": "[EMAIL_2]", "n": "[CARD_1]", "body": json!({ "cc": "[EMAIL_1]" }).to_string() })),
        result("sent to [EMAIL_2], copy to [EMAIL_3]"),
    ]);
    assert_eq!(messages(&chain, &sent), masked);
    // A longer history begins with the same numbers.
    for length in 1..4 {
        let first = &sent.as_array().unwrap()[..length];
        let expected = &masked.as_array().unwrap()[..length];
        assert_eq!(messages(&chain, &json!(first)), json!(expected));
    }
}

#[test]
fn every_spelling_is_a_value_of_its_own() {
    let text = "ann@b.org, Ann@b.org, ａnn@b.org, 4111 1111 1111 1111, 4111-1111-1111-1111";
    let masked = redacted(&guards(), &request(&json!(text)));
    let expected = "[EMAIL_1], [EMAIL_2], [EMAIL_3], [CARD_1], [CARD_2]";
    assert_eq!(masked, request(&json!(expected)));
}

#[test]
fn a_number_does_not_depend_on_the_reading_in_which_a_value_is_found() {
    let content = json!([
        { "type": "text", "text": r"first: see bob\u0040b.org, card 4111 1111 " },
        { "type": "text", "text": "1111 1111 and eve@b.org" },
    ]);
    let masked = redacted(&guards(), &request(&content));
    let expected = json!([
        { "type": "text", "text": "first: see [EMAIL_1], card [CARD_1]" },
        { "type": "text", "text": " and [EMAIL_2]" },
    ]);
    assert_eq!(masked, request(&expected));
}

#[test]
fn the_same_key_in_two_objects_has_one_placeholder() {
    let content = json!({ "a": { "ann@b.org": 1 }, "b": { "ann@b.org": 2, "bob@b.org": 3 } });
    let masked = redacted(&guards(), &request(&json!(content.to_string())));
    let expected =
        json!({ "a": { "[EMAIL_1]": 1 }, "b": { "[EMAIL_1]": 2, "[EMAIL_2]": 3 } }).to_string();
    assert_eq!(masked, request(&json!(expected)));
}

#[test]
fn the_form_can_be_chosen() {
    let text = json!("bob@b.org, ann@b.org, bob@b.org");
    let redact = |settings: &str| {
        let chain = chain(&single("pii-detector", settings));
        let masked: Value = serde_json::from_str(&redacted(&chain, &request(&text))).unwrap();
        masked["messages"][0]["content"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    for (settings, expected) in [
        ("{}", "[EMAIL_1], [EMAIL_2], [EMAIL_1]"),
        (
            "{redaction: {marker_format: numbered}}",
            "[EMAIL_1], [EMAIL_2], [EMAIL_1]",
        ),
        (
            "{redaction: {marker_format: label}}",
            "[EMAIL], [EMAIL], [EMAIL]",
        ),
        (
            "{redaction: {marker_format: asterisk}}",
            "********, ********, ********",
        ),
        (
            "{redaction: {marker_format: partial}}",
            "b***@b.org, a***@b.org, b***@b.org",
        ),
        (
            "{redaction: {preserve_length: true}}",
            "[EMAIL]**, [EMAIL]**, [EMAIL]**",
        ),
        (
            "{redaction: {custom_markers: {email: <m>}}}",
            "<m>, <m>, <m>",
        ),
    ] {
        assert_eq!(redact(settings), expected, "{settings}");
    }
    let terms = |format: &str| {
        let settings = format!("{{blocked_terms: [alpha, beta]{format}}}");
        redacted(
            &chain(&single("dlp-filter", &settings)),
            &request(&json!("alpha beta Alpha alpha")),
        )
    };
    let plain = "[REDACTED] [REDACTED] [REDACTED] [REDACTED]";
    let numbered = "[REDACTED_1] [REDACTED_2] [REDACTED_3] [REDACTED_1]";
    assert_eq!(terms(""), request(&json!(plain)));
    assert_eq!(
        terms(", redaction: {marker_format: numbered}"),
        request(&json!(numbered))
    );
    let secrets = |settings: &str| {
        redacted(
            &chain(&single("secrets", settings)),
            &request(&json!("git clone https://bob:s3cretW0rd@x.test/a")),
        )
    };
    let clone = |marker: &str| request(&json!(format!("git clone https://bob:{marker}@x.test/a")));
    assert_eq!(secrets("{}"), clone("[PASSWORD_IN_URL_1]"));
    assert_eq!(
        secrets("{redaction: {marker_format: label}}"),
        clone("[PASSWORD_IN_URL]")
    );
}
