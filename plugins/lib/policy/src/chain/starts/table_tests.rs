//! Where nothing may begin, no detector finds anything.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::detector_set::DetectorSet;
use super::table::{Ahead, Start};
use crate::chain::cost_tests::{PIECES, chain};
use crate::chain::label::Label;
use crate::chain::matched::{Matches, View};
use crate::chain::progress::Progress;
use crate::chain::prompt::Chain;
use crate::chain::rules::Rules;
use crate::text::{after_word, is_word};

/// Pieces that detectors look for, beside those of the cost.
const FOUND: [&str; 32] = [
    "AB 12 34 56 C",
    "AB123456C",
    "SIN 046454286",
    "dowod ABA 300000",
    "RCCMNL83S18D969H",
    "cedula V-11470283",
    "X2482300W",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "390.533.447-05",
    "ann@example.org",
    "é.b@example.org",
    "4111 1111 1111 1111",
    "078-05-1120",
    "phone 415 555 0132",
    "(415) 555-0132",
    "+44 20 7946 0958",
    "10.20.30.40",
    "2001:db8::7",
    "fade::7",
    "::ffff:1.2.3.4",
    "GB82 WEST 1234 5698 7654 32",
    "secret project alpha",
    "Secret  Project\nBeta",
    "社外秘",
    "É@X",
    "AKIAQ3EGUVKX4YTNJ7WZ",
    "password = \"kf83Hd02mQz\"",
    "Authorization: Bearer kf83Hd02mQz",
    "postgres://bob:kf83Hd02mQz@db",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg",
    " ",
    "word",
];

/// Compiled once: that takes longer than a case.
static CHAIN: LazyLock<Chain> = LazyLock::new(|| {
    chain("{blocked_terms: [secret project alpha, Secret Project Beta, 社外秘, é@x]}")
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_passed_over(
        pieces in prop::collection::vec(0..PIECES.len() + FOUND.len(), 1..8),
        cut in 0_usize..40,
    ) {
        let rules = CHAIN.compiled.rules.as_ref().unwrap();
        let pieces = pieces.iter().map(|piece| PIECES.iter().chain(&FOUND).nth(*piece).unwrap());
        let text: String = pieces.copied().collect();
        let text = text.as_bytes();
        // The whole text, and a part of it of which the rest can still arrive.
        let whole = starts(rules, View::new(text, true));
        let arrived = &text[..text.len().saturating_sub(cut)];
        let part = starts(rules, View::new(arrived, false));
        let (mut progress, label) = (Progress::default(), Label::default());
        for at in 0..text.len() {
            let in_word = is_word(text[at]) && after_word(text, at);
            // Nothing begins with one colon, but an address with two.
            let colon = text[at] == b':' && text.get(at + 1) != Some(&b':');
            if in_word || colon || text[at] & 0xc0 == 0x80 {
                continue;
            }
            for index in 0..3 {
                let mut found = Matches::default();
                let place = (View::new(text, true), at, &label);
                rules.matches_at(DetectorSet::of(index), place, &mut progress, &mut found);
                let asks = |starts: &[Start]| {
                    starts.iter().any(|start| start.at == at && start.detectors.has(index))
                };
                prop_assert!(
                    found.is_empty() || (asks(&whole) && (at >= arrived.len() || asks(&part))),
                    "detector {index} at {at} of {:?}", String::from_utf8_lossy(text)
                );
            }
        }
    }
}

fn starts(rules: &Rules, view: View<'_>) -> Vec<Start> {
    let mut ahead = Ahead::default();
    let mut found = Vec::new();
    let mut at = 0;
    while at < view.text.len() {
        let start = rules.next_start(view, at..view.text.len(), &mut ahead);
        found.push(start);
        at = start.at + 1;
    }
    found
}

/// The first letter of `ß-7` in capitals is `S`, which other words begin with too.
#[test]
fn a_term_whose_capital_is_two_letters_ends_no_walk() {
    let chain = chain("{blocked_terms: [ß-7, ẞ-8]}");
    let rules = chain.compiled.rules.as_ref().unwrap();
    let text = "See some ß-7 and SS-7 Sss ß";
    let found = starts(rules, View::new(text.as_bytes(), true));
    assert!(
        found
            .iter()
            .any(|start| text[start.at..].starts_with("ß-7"))
    );
}
