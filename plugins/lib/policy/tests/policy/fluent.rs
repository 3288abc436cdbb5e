//! Streams in which words need not wait: what leaves early is never more than the beginning of a
//! value.

use kt_policy::chat::ContentFilter;
use kt_policy::{Chain, Limits, PromptText, compile};
use proptest::prelude::*;

use crate::sample::{good, single};
use crate::stream::{every_split, run};

const CHAIN: &str = "\
pack: {name: t, version: 1.0.0, enabled: true}
policies: {chain: [pii-detector, dlp-filter, secrets]}
policy:
  pii-detector: {detect_patterns: ['EMP-[0-9]{3,6}']}
  dlp-filter: {blocked_terms: [falcon ledger, nightjar, 社外秘, секрет]}
  secrets: {}
";

fn chain(text: &str) -> Chain {
    compile(&good(text), &Limits::default()).unwrap()
}

/// What a text consists of, between blanks: values of every kind, and what is none.
const PARTS: [&str; 49] = [
    "mark@example.com",
    "ann.lee@mail.example.org",
    "x_y+z-9@example.co.uk",
    "<bob@example.com>",
    "mailto:eve@example.net",
    "E-Mail: karl@example.de,",
    "émile@exämple.org",
    "联系ann@example.com吧",
    "4111 1111 1111 1111",
    "378282246310005.",
    "078-05-1120",
    "DE89 3704 0044 0532 0130 00",
    "GB82WEST12345698765432",
    "192.168.17.4",
    "2001:db8::8a2e:370:7334",
    "dead:beef:1:2:3:4:5:6",
    "fe80::1234:5678",
    "+1 415-555-0132",
    "(415) 555-0199",
    "EMP-12345",
    "falcon ledger",
    "Nightjar",
    "社外秘",
    "секрет",
    "СЕКРЕТ",
    "Просто хорошее слово, и ещё о нас.",
    "аnn@еxample.com",
    "іt сосед",
    "ghp_Ab3dEf6hIj9lMn2pQr5tUv8xYz1bCd4fGh7j",
    "AKIAQ7BD2NXE5RTK4WLM",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVPmB92K27uhbUJU1p1r",
    "password = \"tR7#kq9Lw2xz\"",
    "postgres://app:s3cr3tPw9@db/app",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----",
    "The release notes describe a small table.",
    "be dead (see 2024) a e key access live pat",
    "self.config.get_name(user_id)",
    "well-known v2 utf8 it's",
    "- a\n- b\n---\n",
    "これは社外です。",
    "Größe für müller",
    "@",
    "a@",
    ":",
    "@handle",
    "1.",
    "(",
    "falcon",
    "ey",
];

/// Returns the released text, with a pause after each piece where `pauses` says so.
fn stream(chain: &Chain, pieces: &[&str], pauses: bool) -> (String, Vec<(&'static str, usize)>) {
    let mut filter = chain.response_filter();
    let mut released = String::new();
    for piece in pieces {
        released.push_str(&filter.push(piece).release);
        if pauses {
            released.push_str(&filter.pause().release);
        }
    }
    released.push_str(&filter.finish().release);
    let findings = filter.findings().iter().map(|f| (f.kind, f.count));
    (released, findings.collect())
}

/// How much of a value may leave before it is known to be one.
fn may_leave(value: &str, marker: &str) -> usize {
    let letters = |s: &str| s.bytes().take_while(u8::is_ascii_alphabetic).count();
    match marker {
        "[EMAIL]" => value.find('@').unwrap(),
        "[IP]" | "[IBAN]" => letters(value),
        "[PHONE]" => usize::from(value.starts_with(['(', '+'])),
        "[PRIVATE_KEY]" => 5,
        "[REDACTED]" | "[CARD]" | "[SSN]" | "[PATTERN]" | "[SECRET]" | "[PASSWORD_IN_URL]" => 0,
        // The documented prefix.
        _ => letters(value).min(4),
    }
}

/// Asserts that of every value of a text only what may leave has left.
fn assert_redacted(chain: &Chain, text: &str, released: &str, split: &[&str]) {
    let evaluation = chain.inspect_prompt(&[PromptText { role: "user", text }]);
    let spans = evaluation.rewrites.iter().flat_map(|r| &r.spans);
    let (mut at, mut rest) = (0, released);
    for span in spans {
        let before = &text[at..span.range.start];
        rest = rest.strip_prefix(before).unwrap_or_else(|| {
            panic!("{before:?} is not at {rest:?} of {split:?}");
        });
        at = span.range.end;
        if span.marker.is_empty() {
            continue;
        }
        let value = &text[span.range.clone()];
        let most = may_leave(value, &span.marker);
        let lengths = (0..=most).rev().filter(|n| value.is_char_boundary(*n));
        let left = lengths
            .filter_map(|n| rest.strip_prefix(&value[..n])?.strip_prefix(&span.marker))
            .next();
        rest = left.unwrap_or_else(|| panic!("{value:?} has left: {rest:?} of {split:?}"));
    }
    assert_eq!(rest, &text[at..], "{split:?}");
}

fn check(chain: &Chain, pieces: &[&str]) {
    let text = pieces.concat();
    let whole = stream(chain, &[&text], false);
    for pauses in [false, true] {
        let (released, findings) = stream(chain, pieces, pauses);
        assert_redacted(chain, &text, &released, pieces);
        assert_eq!(findings, whole.1, "{pieces:?}");
    }
}

#[test]
fn no_value_leaves_however_it_is_split() {
    let chain = chain(CHAIN);
    for part in PARTS {
        let text = format!("so {part} end");
        for (a, _) in text.char_indices() {
            for (b, _) in text.char_indices().filter(|(b, _)| *b >= a) {
                check(&chain, &[&text[..a], &text[a..b], &text[b..]]);
            }
        }
        let single = text.char_indices();
        let single: Vec<&str> = single.map(|(at, c)| &text[at..at + c.len_utf8()]).collect();
        check(&chain, &single);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_value_leaves_in_any_text(
        parts in prop::collection::vec((0..PARTS.len(), 0..3_usize), 1..8),
        lengths in prop::collection::vec(1..9_usize, 1..20),
    ) {
        let blanks = ["", " ", "\n"];
        let text: String = parts.iter().map(|(part, blank)| PARTS[*part].to_owned() + blanks[*blank]).collect();
        let mut pieces = Vec::new();
        let mut rest = text.as_str();
        for length in lengths.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, next) = rest.split_at(rest.ceil_char_boundary((*length).min(rest.len())));
            pieces.push(piece);
            rest = next;
        }
        check(&chain(CHAIN), &pieces);
    }
}

#[test]
fn words_leave_at_once_and_likely_ones_wait() {
    let chain = chain(CHAIN);
    for (pieces, first, paused) in [
        (["Hello", " mark"], "Hello mark", "Hello mark"),
        (["He is", " a"], "He is a", "He is a"),
        (["see v2", "x4"], "see ", "see v2x4"),
        (["ann.", "lee"], "ann.", "ann.lee"),
        (["self.", "_x"], "self.", "self._x"),
        (["mail", " mark"], "mail ", "mail "),
        (["to <", "mark"], "to <", "to <"),
        (["in 20", "24"], "in ", "in "),
        (["the fal", "con "], "the ", "the "),
        (["a gh", "p"], "a ghp", "a ghp"),
        (["a ghp", "_A"], "a ghp", "a ghp"),
        (["-", "-"], "--", "--"),
        (["für", " Größe"], "für Größe", "für Größe"),
        (["これは社", "外"], "これは", "これは"),
        (["Это", " хорошо"], "Это хорошо", "Это хорошо"),
        // Letters that look Latin, until one is.
        (["о", "р"], "ор", "ор"),
        (["а", "nd"], "аnd", "аnd"),
        (["наш се", "кре"], "наш ", "наш "),
        ([":", "https://"], ":https://", ":https://"),
    ] {
        let mut filter = chain.response_filter();
        let mut released: String = pieces.iter().map(|p| filter.push(p).release).collect();
        assert_eq!(released, first, "{pieces:?}");
        released.push_str(&filter.pause().release);
        assert_eq!(released, paused, "{pieces:?} and a pause");
    }
}

/// The text of a message that is JSON stays valid, and no value of it leaves.
#[test]
fn no_value_leaves_a_streamed_document() {
    let chain = chain(CHAIN);
    let text = r#"{"name": "mark", "email": "mark@b.org", "t": "it\n's mark@b.org \u0041", "n": [4111111111111111]}"#;
    for (a, _) in text.char_indices() {
        for (b, _) in text.char_indices().filter(|(b, _)| *b >= a) {
            let mut filter = ContentFilter::new(&chain, false);
            let mut released = String::new();
            for piece in [&text[..a], &text[a..b], &text[b..]] {
                released.push_str(&filter.push(piece).release);
                released.push_str(&filter.pause().release);
            }
            released.push_str(&filter.finish().release);
            serde_json::from_str::<serde_json::Value>(&released).unwrap();
            assert!(!released.contains('@'), "{released}");
            assert!(released.contains(r#""email": "[EMAIL]""#), "{released}");
            assert!(!released.contains("4111"), "{released}");
        }
    }
}

#[test]
fn a_block_comes_before_any_part_of_what_it_blocks() {
    for (kind, text) in [
        ("pii-detector", "so mark@example.com"),
        ("secrets", "so ghp_Ab3dEf6hIj9lMn2pQr5tUv8xYz1bCd4fGh7j"),
    ] {
        let block = single(kind, "{action: block, streaming: fluent}");
        let (released, reason) = every_split(&chain(&block), text);
        assert_eq!(released, "so ");
        assert!(reason.is_some());
        let strict = single(kind, "{streaming: strict}");
        every_split(&chain(&strict), text);
    }
}

#[test]
fn a_partial_marker_does_not_complete_what_has_left() {
    let block = single("pii-detector", "{redaction: {marker_format: partial}}");
    let chain = chain(&block);
    assert_eq!(run(&chain, ["a mark@b.org"].into_iter()).0, "a m***@b.org");
    assert_eq!(
        run(&chain, ["a mark", "@b.org"].into_iter()).0,
        "a mark******"
    );
}
