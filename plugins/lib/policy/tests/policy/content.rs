//! Texts of messages that arrive in pieces: JSON stays valid, and every other text is as a
//! stream of plain text is.

use kt_policy::Chain;
use kt_policy::chat::{ContentFilter, evaluate_response};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::stream::chain;

fn guards(numbers: &str) -> Chain {
    chain(&format!(
        "pack: {{name: t, version: 1.0.0, enabled: true}}\n\
         policies: {{chain: [pii-detector, dlp-filter]}}\n\
         policy: {{pii-detector: {{redaction: {{numbers: {numbers}}}}}, \
         dlp-filter: {{action: block, blocked_terms: [project nightjar, 'a\"b']}}}}\n"
    ))
}

/// Filters a text in pieces; `None` if it is blocked.
fn filtered(chain: &Chain, pieces: &[&str], expects_json: bool) -> Option<String> {
    let mut filter = ContentFilter::new(chain, expects_json);
    let mut text = String::new();
    for piece in pieces {
        let output = filter.push(piece);
        if output.block.is_some() {
            return None;
        }
        text.push_str(&output.release);
    }
    let output = filter.finish();
    text.push_str(&output.release);
    assert!(!filter.is_holding(), "something is held back");
    output.block.is_none().then_some(text)
}

/// Filters a text whole, and asserts that every split gives the same.
fn split(chain: &Chain, text: &str, expects_json: bool) -> Option<String> {
    let whole = filtered(chain, &[text], expects_json);
    let cuts = (0..=text.len()).filter(|cut| text.is_char_boundary(*cut));
    for cut in cuts {
        let pieces = [&text[..cut], &text[cut..]];
        assert_eq!(
            filtered(chain, &pieces, expects_json),
            whole,
            "{text:?} cut at {cut}"
        );
    }
    let mut bytes: Vec<&str> = text.split("").collect();
    bytes.retain(|piece| !piece.is_empty());
    assert_eq!(filtered(chain, &bytes, expects_json), whole, "{text:?}");
    whole
}

#[test]
fn structured_output_stays_json() {
    let marker = guards("marker");
    let zero = guards("zero");
    let text = concat!(
        "\n {\"card\" : 4111111111111111 , \"cards\":[4111111111111111,4111111111111111],",
        "\"mail\": \"x\\nbob\\u0040example.com\\t\\ud83d\\ude00 caf\\u00e9 \\/\", \"n\":1.50e3,",
        "\"ann@b.org\":true,\"bob@b.org\":null, \"big\": 123456789012345678901234567890,",
        "\"nested\": \"{\\\"card\\\": 4111111111111111, \\\"x\\\":\\\"\\\\u00e9\\\"}\" } \n",
    );
    let expected = |card: &str, nested: &str| {
        format!(
            concat!(
                "\n {{\"card\" : {card} , \"cards\":[{card},{card}],",
                "\"mail\": \"x\\n[EMAIL]\\t\\ud83d\\ude00 caf\\u00e9 \\/\", \"n\":1.50e3,",
                "\"[EMAIL]\":true,\"[EMAIL]_2\":null, \"big\": 123456789012345678901234567890,",
                "\"nested\": \"{{\\\"card\\\": {nested}, \\\"x\\\":\\\"\\\\u00e9\\\"}}\" }} \n",
            ),
            card = card,
            nested = nested,
        )
    };
    let marked = split(&marker, text, false).unwrap();
    assert_eq!(marked, expected("\"[CARD]\"", "\\\"[CARD]\\\""));
    let zeroed = split(&zero, text, false).unwrap();
    assert_eq!(zeroed, expected("0", "0"));
    for text in [marked, zeroed] {
        serde_json::from_str::<Value>(&text).unwrap();
    }
}

/// What is streamed is what is returned at once.
#[test]
fn a_streamed_document_is_redacted_as_a_whole_one() {
    let chain = guards("marker");
    for document in [
        json!({ "a": 4_111_111_111_111_111_u64, "b": ["bob@example.com", "4111 1111 1111 1111"] }),
        json!([{ "t": "line\nbob@example.com" }, -4_111_111_111_111_111_i64, 1.5, [], {}, ""]),
        json!({ "bob@example.com": { "x": "{\"y\": \"ann@b.org\"}", "z": "[1] ann@b.org" } }),
        json!({ "t": "tab\t\"quoted\" \u{1} \u{1f600} 4111\u{a0}1111\u{a0}1111\u{a0}1111" }),
        json!({ "phone": "030 1234567", "ssn": "123-45-6789", "tel": 4_155_552_671_u64, "call": "02079460958" }),
    ] {
        for text in [document.to_string(), format!("{document:#}")] {
            let answer = json!({ "choices": [{ "message": { "content": text } }] }).to_string();
            let evaluated = evaluate_response(&chain, &answer).unwrap();
            let answer: Value = serde_json::from_str(&evaluated.redact(&answer)).unwrap();
            let expected = answer["choices"][0]["message"]["content"].as_str();
            assert_eq!(split(&chain, &text, false).as_deref(), expected);
        }
    }
}

/// The key says what its value is, as the words before a number do in prose.
#[test]
fn keys_announce_their_values() {
    let chain = guards("marker");
    for (text, expected) in [
        (r#"{"phone": "02079460958"}"#, r#"{"phone": "[PHONE]"}"#),
        (
            r#"{"homePhone": 2079460958}"#,
            r#"{"homePhone": "[PHONE]"}"#,
        ),
        (r#"{"ssn": "123456789"}"#, r#"{"ssn": "[SSN]"}"#),
        (
            r#"{"social security number": 123456789}"#,
            r#"{"social security number": "[SSN]"}"#,
        ),
        (
            r#"{"version": "10.2.3.4", "host": "10.2.3.4"}"#,
            r#"{"version": "10.2.3.4", "host": "[IP]"}"#,
        ),
        (
            r#"{"call_id": "02079460958", "text": "10024578"}"#,
            r#"{"call_id": "02079460958", "text": "10024578"}"#,
        ),
        (
            r#"{"phone": ["02079460958"]}"#,
            r#"{"phone": ["02079460958"]}"#,
        ),
        (
            r#"{"phone": {"x": "02079460958"}, "y": "02079460958"}"#,
            r#"{"phone": {"x": "02079460958"}, "y": "02079460958"}"#,
        ),
    ] {
        assert_eq!(split(&chain, text, false).as_deref(), Some(expected));
        let answer = json!({ "choices": [{ "message": { "content": text } }] }).to_string();
        let evaluated = evaluate_response(&chain, &answer).unwrap();
        let answer: Value = serde_json::from_str(&evaluated.redact(&answer)).unwrap();
        assert_eq!(answer["choices"][0]["message"]["content"], expected);
    }
}

#[test]
fn blocks_hold_in_strings_keys_and_escapes() {
    let chain = guards("marker");
    for text in [
        r#"{"a": "project nightjar"}"#,
        r#"{"a": "project\u0020night\u006aar"}"#,
        r#"{"project nightjar": 1}"#,
        r#"{"a": "a\"b"}"#,
        r#"{"a": "{\"b\": \"project nightjar\"}"}"#,
        r#"[project nightjar]"#,
        r#"{"a": 1} project nightjar"#,
        r#"{"a": "project night\u00adjar"}"#,
    ] {
        assert_eq!(split(&chain, text, false), None, "{text}");
    }
}

#[test]
fn what_only_begins_like_json_is_plain_text() {
    let chain = guards("marker");
    for (text, expected) in [
        ("[1] Call 4111 1111 1111 1111", "[1] Call [CARD]"),
        ("[4111 1111 1111 1111]", "[[CARD]]"),
        ("[4111111111111111 is it]", "[[CARD] is it]"),
        ("{4111111111111111}", "{[CARD]}"),
        ("[mail](bob@example.com)", "[mail]([EMAIL])"),
        (
            "{\"a\": \"x\\y bob@example.com\"}",
            "{\"a\": \"x\\y [EMAIL]\"}",
        ),
        ("{\"a\": bob@example.com}", "{\"a\": [EMAIL]}"),
        ("{\"a\" \"4111111111111111", "{\"a\" \"[CARD]"),
        ("[01]", "[01]"),
        ("[4111111111111111", "[\"[CARD]\""),
        ("{\"a\": \"bob@example.com", "{\"a\": \"[EMAIL]"),
        ("{\"bob@example.com", "{\"[EMAIL]"),
        ("{\"a\": \"[\\q 4111111111111111", "{\"a\": \"[\\q [CARD]"),
        (
            "{\"a\": \"\\ud83d bob@example.com\\ud83d\\ud83d\\n\"}",
            "{\"a\": \"\\ud83d [EMAIL]\\ud83d\\ud83d\\n\"}",
        ),
        ("{\"a\": \"\\ud83d", "{\"a\": \"\\ud83d"),
        ("{}{\"n\":4111111111111111}", "{}{\"n\":\"[CARD]\"}"),
        ("4111111111111111", "[CARD]"),
        ("\"bob@example.com\"", "\"[EMAIL]\""),
    ] {
        assert_eq!(
            split(&chain, text, false).as_deref(),
            Some(expected),
            "{text}"
        );
    }
    for (text, expected) in [
        ("4111111111111111", "\"[CARD]\""),
        (" -4111111111111111 ", " \"[CARD]\" "),
        ("\"x\\nbob@example.com\"", "\"x\\n[EMAIL]\""),
        ("4111 1111 1111 1111", "[CARD]"),
        ("Sorry, bob@example.com", "Sorry, [EMAIL]"),
    ] {
        assert_eq!(
            split(&chain, text, true).as_deref(),
            Some(expected),
            "{text}"
        );
    }
}

#[test]
fn long_tokens_are_not_held_without_a_bound() {
    let chain = guards("marker");
    let digits = "1".repeat(100_000);
    let blanks = " ".repeat(100_000);
    let nested = format!("[{}", "x".repeat(2 << 20));
    for text in [
        format!("[{digits}]"),
        format!("[1{blanks}]"),
        format!("{{\"{digits}\": 1}}"),
        format!("[\"{nested}\"]"),
    ] {
        let mut filter = ContentFilter::new(&chain, false);
        let mut released = 0;
        for piece in text.as_bytes().chunks(1000) {
            let output = filter.push(std::str::from_utf8(piece).unwrap());
            assert_eq!(output.block, None);
            released += output.release.len();
        }
        assert_eq!(released + filter.finish().release.len(), text.len());
    }
    let deep = "[".repeat(100_000);
    assert_eq!(filtered(&chain, &[&deep], false), Some(deep));
}

#[test]
fn findings_are_counted_once() {
    let chain = guards("marker");
    let mut filter = ContentFilter::new(&chain, false);
    for piece in [
        "{\"a\": \"bob@exam",
        "ple.com\", \"b\": 41111111",
        "11111111, \"c\": \"ann@b.org x",
    ] {
        assert_eq!(filter.push(piece).block, None);
    }
    let counts = |filter: &ContentFilter| -> Vec<(&str, usize)> {
        let findings = filter.findings();
        findings.iter().map(|f| (f.kind, f.count)).collect()
    };
    filter.finish();
    assert_eq!(counts(&filter), [("email", 2), ("card", 1)]);
    filter.finish();
    assert_eq!(counts(&filter), [("email", 2), ("card", 1)]);
}

fn is_masked(text: &str) -> bool {
    let markers = ["[CARD]", "[EMAIL]", "[IBAN]", "[IP]", "[PHONE]", "[SSN]"];
    markers.iter().any(|marker| text.contains(marker))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever arrives: the split does not matter, nothing is lost, and what is not redacted
    /// is as it came.
    #[test]
    fn any_text_is_released_in_full(
        parts in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\\\"", "\\u", "d83d", "\\ud83d", "\\ude00", "\\n",
            " ", "\n", "1", "411111111", "1111111", "true", "nul", "a", "é", "\u{200b}", "-", ".", "e",
            "bob@example.com", "\"a\":", "{\"a\":\"",
        ]), 0..14),
        interrupt in 0_usize..14,
    ) {
        let chain = guards("marker");
        let text = parts.concat();
        let whole = split(&chain, &text, false).unwrap();
        if !is_masked(&whole) {
            prop_assert_eq!(&whole, &text);
        }
        // An interruption, such as a tool call between two parts of the text.
        let mut filter = ContentFilter::new(&chain, false);
        let mut released = String::new();
        for (n, part) in parts.iter().enumerate() {
            released.push_str(&filter.push(part).release);
            if n == interrupt {
                released.push_str(&filter.finish().release);
                prop_assert!(!filter.is_holding());
            }
        }
        released.push_str(&filter.finish().release);
        if !is_masked(&released) {
            prop_assert_eq!(&released, &text);
        }
        if serde_json::from_str::<Value>(&text).is_ok() && !text.trim_start().starts_with(|c: char| c != '{' && c != '[') {
            prop_assert!(serde_json::from_str::<Value>(&whole).is_ok(), "{} became {}", text, whole);
        }
    }
}
