//! Tests of [`Restorer`].

use std::sync::Arc;

use proptest::prelude::*;

use super::super::Placeholders;
use super::{PlaceholderValues, RestoredText, Restorer};

const CONTENT: RestoredText = RestoredText::Content {
    expects_json: false,
};

fn values() -> Arc<PlaceholderValues> {
    let mut placeholders = Placeholders::default();
    placeholders.issue("[EMAIL]", "ann@b.org", true);
    placeholders.issue("[EMAIL]", "bob@b.org", true);
    placeholders.issue("[API_KEY]", "a\"b\\c\nd [EMAIL_1]", true);
    placeholders.issue("[PHONE]", "+1 415 555 2671", false);
    Arc::new(placeholders.into_values())
}

/// Restores a text that comes in pieces; asserts that little is held.
fn restore<'t>(form: RestoredText, pieces: impl IntoIterator<Item = &'t str>) -> String {
    let mut restorer = Restorer::new(&values(), form);
    let mut out = String::new();
    for piece in pieces {
        out.push_str(&restorer.push(piece));
        assert!(restorer.held.len() <= 48, "{:?}", restorer.held);
    }
    out + &restorer.finish()
}

/// Restores a text as a whole, and asserts that every split gives the same.
fn restored(form: RestoredText, text: &str) -> String {
    let whole = restore(form, [text]);
    for (at, _) in text.char_indices() {
        let (left, right) = text.split_at(at);
        assert_eq!(restore(form, [left, right]), whole, "{left:?} | {right:?}");
    }
    let single = text
        .char_indices()
        .map(|(at, c)| &text[at..at + c.len_utf8()]);
    assert_eq!(restore(form, single), whole, "{text:?}");
    whole
}

#[test]
fn issued_placeholders_become_their_values() {
    for (text, expected) in [
        (
            "write to [EMAIL_1], not to [EMAIL_2]!",
            "write to ann@b.org, not to bob@b.org!",
        ),
        (
            "[Email_1] [email_1] [EMAIL_1]",
            "ann@b.org ann@b.org ann@b.org",
        ),
        (
            r"\[EMAIL_1\] \[EMAIL\_1\] [API\_KEY\_1]",
            "ann@b.org ann@b.org a\"b\\c\nd [EMAIL_1]",
        ),
        (r"\\[EMAIL_1\\], EMAIL\_1", "ann@b.org, ann@b.org"),
        (
            "EMAIL_1, (EMAIL_2): EMAIL_1",
            "ann@b.org, (bob@b.org): ann@b.org",
        ),
        ("[EMAIL_1, EMAIL_2]", "[ann@b.org, bob@b.org]"),
        (
            "[[EMAIL_1]](mailto:[EMAIL_1])",
            "[ann@b.org](mailto:ann@b.org)",
        ),
        (r"\[EMAIL_1] and [EMAIL_1\]", r"\ann@b.org and [ann@b.org\]"),
        ("é[EMAIL_1]é", "éann@b.orgé"),
        ("[EMAIL_1][EMAIL_2]EMAIL_1", "ann@b.orgbob@b.organn@b.org"),
    ] {
        assert_eq!(restored(CONTENT, text), expected, "{text}");
    }
}

#[test]
fn everything_else_passes_verbatim() {
    for text in [
        "[EMAIL_3] [EMAIL_10] [EMAIL_01] [EMAIL] [EMAIL_] [EMAIL_1x] [PHONE_1] [SSN_1]",
        "email_1 Email_1 MY_EMAIL_1 EMAIL_12 EMAIL_1x éEMAIL_1 EMAIL_1é EMAIL_1_",
        "[EMAIL_1 [EMAIL-1] [ EMAIL_3 ] [E] [",
        r"\ \\ \[x\] \\\\\\\\\\\\\\\\[EMAIL_3\]",
        "{EMAIL_3} \u{1f600} [\u{ff25}MAIL_1]",
    ] {
        let expected = text.replace("[EMAIL_1 [", "[ann@b.org [");
        assert_eq!(restored(CONTENT, text), expected, "{text}");
    }
    let mut restorer = Restorer::new(&values(), CONTENT);
    assert_eq!(restorer.push("a ["), "a ");
    assert_eq!(restorer.push("EMAIL_3"), "[EMAIL_3");
    assert_eq!(restorer.push(" E"), " ");
    assert_eq!(restorer.push("very"), "Every");
    assert_eq!(restorer.push("[EMAIL_1]"), "ann@b.org");
    assert_eq!(restorer.restored(), 1);
    assert_eq!(format!("{restorer:?}"), "Restorer { restored: 1, .. }");
}

#[test]
fn a_value_is_escaped_for_the_strings_of_json_around_it() {
    let once = r#"a\"b\\c\nd [EMAIL_1]"#;
    for (form, text, expected) in [
        (
            RestoredText::Arguments,
            r#"{"key": "[API_KEY_1]"}"#.to_owned(),
            format!(r#"{{"key": "{once}"}}"#),
        ),
        (
            RestoredText::Arguments,
            r#""[API_KEY_1]""#.to_owned(),
            format!("\"{once}\""),
        ),
        (
            CONTENT,
            r#"{"[EMAIL_1]": ["x\n[API_KEY_1]"]}"#.to_owned(),
            format!(r#"{{"ann@b.org": ["x\n{once}"]}}"#),
        ),
        (
            CONTENT,
            r#"[EMAIL_1] said "[EMAIL_2]""#.to_owned(),
            r#"ann@b.org said "bob@b.org""#.to_owned(),
        ),
        (
            RestoredText::Content { expects_json: true },
            r#""[API_KEY_1]""#.to_owned(),
            format!("\"{once}\""),
        ),
        (
            RestoredText::Arguments,
            r#"{"a": "x\nEMAIL_1\tEMAIL_2", "b": "inEMAIL_1"}"#.to_owned(),
            r#"{"a": "x\nann@b.org\tbob@b.org", "b": "inEMAIL_1"}"#.to_owned(),
        ),
        (
            RestoredText::Arguments,
            r#"{"a": "\\[EMAIL_1\\]"}"#.to_owned(),
            r#"{"a": "ann@b.org"}"#.to_owned(),
        ),
    ] {
        assert_eq!(restored(form, &text), expected, "{text}");
    }
    // JSON in JSON.
    let inner = serde_json::json!({ "key": "x [API_KEY_1]", "n": ["EMAIL_1"] });
    let value = "a\"b\\c\nd [EMAIL_1]";
    let expected = serde_json::json!({ "key": format!("x {value}"), "n": ["ann@b.org"] });
    let (mut text, mut wanted) = (inner.to_string(), expected.to_string());
    for _ in 0..3 {
        text = serde_json::json!({ "body": text }).to_string();
        wanted = serde_json::json!({ "body": wanted }).to_string();
        assert_eq!(restored(RestoredText::Arguments, &text), wanted);
    }
}

#[test]
fn ten_thousand_values_are_restored() {
    let mut placeholders = Placeholders::default();
    let addresses: Vec<String> = (0..10_000).map(|n| format!("a{n}@b.org")).collect();
    let masked: Vec<String> = addresses
        .iter()
        .map(|address| placeholders.issue("[EMAIL]", address, true))
        .collect();
    let values = Arc::new(placeholders.into_values());
    let mut restorer = Restorer::new(&values, CONTENT);
    let text = restorer.push(&masked.join(" ")) + &restorer.finish();
    assert_eq!(text, addresses.join(" "));
    assert_eq!(restorer.restored(), 10_000);
}

const PIECES: [&str; 24] = [
    "[",
    "]",
    "EMAIL",
    "_",
    "1",
    "2",
    "\\",
    "[EMAIL_1]",
    "API_KEY_1",
    "\"",
    "{",
    "}",
    ":",
    " ",
    "n",
    "é",
    "E",
    "{\"a\":\"",
    "\\\"",
    "\\u00",
    "email",
    "\u{1f600}",
    "EMAIL_2",
    "[Api",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_split_gives_the_same_text(
        pieces in prop::collection::vec(0..PIECES.len(), 0..16),
        arguments in any::<bool>(),
    ) {
        let text: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
        restored(if arguments { RestoredText::Arguments } else { CONTENT }, &text);
    }

    #[test]
    fn text_without_an_issued_name_passes_verbatim(text in r#"[\[\]\\_ EMAIL3-9x"{}]{0,40}"#) {
        prop_assert_eq!(restored(CONTENT, &text), text);
    }
}
