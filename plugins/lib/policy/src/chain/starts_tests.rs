//! Where nothing may begin, no detector finds anything.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::cost_tests::{PIECES, chain};
use super::label::Label;
use super::matched::{Matches, View};
use super::progress::Progress;
use super::prompt::Chain;
use super::rules::Rules;
use super::starts::Ahead;
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
            let mut found = Matches::default();
            let view = View::new(text, true);
            rules.matches_at(view, at, &mut progress, &label, &mut found);
            let is_start = whole.contains(&at) && (at >= arrived.len() || part.contains(&at));
            prop_assert!(
                found.is_empty() || is_start,
                "at {at} of {:?}", String::from_utf8_lossy(text)
            );
        }
    }
}

fn starts(rules: &Rules, view: View<'_>) -> Vec<usize> {
    let mut ahead = Ahead::default();
    let mut found = Vec::new();
    let mut at = 0;
    while at < view.text.len() {
        at = rules.next_start(view, at..view.text.len(), &mut ahead);
        found.push(at);
        at += 1;
    }
    found
}
