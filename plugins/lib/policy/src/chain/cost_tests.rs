//! The cost of a text is linear in its length, whatever it holds.

use proptest::prelude::*;

use super::limits::Limits;
use super::prompt::Chain;
use super::scanner::{Blocked, Scanner};
use crate::compile::compile;
use crate::kinds::KINDS;
use crate::parse::parse;
use crate::source::Source;

/// Steps that any byte may cost on average: a number is read by five detectors,
/// 64 bytes each, and the shortest one is a digit and a separator.
const STEPS_PER_BYTE: usize = 256;

pub(super) fn chain(dlp: &str) -> Chain {
    let kinds = KINDS
        .iter()
        .filter(|known| !known.named)
        .map(|known| known.kind.as_str());
    let chain: Vec<&str> = kinds.collect();
    let others = chain.iter().filter(|kind| **kind != "dlp-filter");
    let block = |kind: &str| match kind {
        "ip_allowlist" => "{cidrs: []}",
        _ => "{}",
    };
    let blocks: String = others
        .map(|kind| format!("{kind}: {}, ", block(kind)))
        .collect();
    let text = format!(
        "pack: {{name: t, version: 1.0.0, enabled: true}}\n\
         policies: {{chain: [{}]}}\n\
         policy: {{{blocks}dlp-filter: {dlp}}}\n",
        chain.join(", ")
    );
    let document = parse(&[Source::new("test.yaml", text)]).unwrap();
    compile(&document, &Limits::default()).unwrap()
}

fn scan(chain: &Chain, text: &str) -> Scanner {
    let mut scanner = Scanner::default();
    let rules = chain.compiled.rules.as_ref().unwrap();
    scanner.push(rules, text, true);
    scanner
}

/// Pieces that detectors begin with, go on with, or nearly do.
pub(super) const PIECES: [&str; 61] = [
    "4111\n",
    "4111 - 1111\t",
    "DE89\r\n",
    "SIN 046-454-28 ",
    "046 454 286 ",
    "PESEL ",
    "A1",
    "1BvBMSEYst",
    "bc1q",
    "phone 1 ",
    "x12",
    "tel 03-",
    "390.533.",
    ":",
    "a:",
    "::",
    "4 1 1 1 ",
    "41 11 ",
    "1-",
    "1.",
    "1.1.1.",
    "@",
    "a@",
    "a@a.",
    "a.",
    "a-",
    "é",
    "é@",
    "社外",
    "DE89 3704 0044 ",
    "DE89",
    "GB82WEST",
    "+1 ",
    "+1(",
    "(415) ",
    "call 1 ",
    "tel ",
    "social security ",
    "2001:db8:",
    "fe80::",
    "ffff:",
    "deadbeef",
    "aGVsbG8gd29y",
    "secret ",
    "sk-",
    "xoxb-",
    "hvs.",
    "eyJ",
    "eyJ-",
    "eyJhbGciOiJIUzI1NiJ9.",
    "-----BEGIN ",
    "PRIVATE KEY-----",
    "://u:",
    "pwd=",
    "token: ",
    "https://hooks.slack.com/services/",
    "secret project ",
    "x1",
    "123-45-678",
    "\u{200b}",
    "４１",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn steps_are_linear_in_the_length(
        pieces in prop::collection::vec(0..PIECES.len(), 1..5),
        size in 1_usize..65_536,
    ) {
        let chain = chain(
            "{blocked_terms: [secret project alpha, secret project beta, 社外秘, é@x], \
              detect_patterns: ['x[0-9]+y', '\\bKTX-[0-9]{6}\\b']}",
        );
        let unit: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
        let text: String = unit.chars().cycle().take(size).collect();
        let scanner = scan(&chain, &text);
        let steps = scanner.steps();
        prop_assert!(
            steps <= STEPS_PER_BYTE * text.len() + 4096,
            "{steps} steps for {} bytes of {unit:?}", text.len()
        );
    }
}

#[test]
fn a_pattern_that_costs_too_much_ends_the_text() {
    // Every `a` begins a search that goes on to the end of its reach.
    let costly = "{detect_patterns: ['a[^z]{0,400}z']}";
    let text = "a".repeat(16_384);
    let scanner = scan(&chain(costly), &text);
    assert_eq!(scanner.blocked_by, Some(Blocked::Budget));
    assert_eq!(scanner.findings[0].kind, "budget");
    assert!(scan(&chain(costly), &text[..64]).blocked_by.is_none());
}

#[test]
fn a_budget_that_is_spent_does_not_depend_on_how_the_text_came() {
    let chain = chain("{detect_patterns: ['a[^z]{0,400}z']}");
    let text = format!("{} mail ann@example.org", "a".repeat(4_096));
    let rules = chain.compiled.rules.as_ref().unwrap();
    let mut whole = Scanner::default();
    let released = whole.push(rules, &text, true);
    for size in [1, 7, 1000] {
        let mut scanner = Scanner::default();
        let mut out = String::new();
        for piece in text.as_bytes().chunks(size) {
            out.push_str(&scanner.push(rules, std::str::from_utf8(piece).unwrap(), false));
        }
        out.push_str(&scanner.push(rules, "", true));
        assert_eq!(
            (out, scanner.blocked_by),
            (released.clone(), whole.blocked_by)
        );
    }
}
