//! The words that rules begin with.

use std::ops::Range;

use aho_corasick::automaton::Automaton;
use aho_corasick::dfa::DFA;
use aho_corasick::{Anchored, MatchKind, StartKind};

use super::rules::ALL;

/// Finds the triggers of all rules at the beginnings of words.
///
/// Only there an automaton is asked, anchored, and most words are left after a
/// letter or two: a search for all triggers over the whole text took six times
/// as long.
pub(super) struct Triggers {
    automaton: DFA,
    /// The rule of each trigger, in the automaton's order.
    rule_of: Vec<usize>,
    /// The first byte of all triggers.
    first: [bool; 256],
    /// The first three bytes of all triggers, as bits.
    begins: Vec<u64>,
}

/// The index of the bit for the first three bytes, 0 for one that is missing:
/// letters in lower case have a bit each. All triggers begin with ASCII.
fn bit(bytes: &[u8]) -> Option<usize> {
    let low = |index: usize| bytes.get(index).map_or(0, |byte| usize::from(byte & 31));
    let ascii = bytes.first().is_some_and(u8::is_ascii);
    ascii.then(|| low(0) << 10 | low(1) << 5 | low(2))
}

impl Triggers {
    pub(super) fn new() -> Self {
        let triggers = ALL
            .iter()
            .enumerate()
            .flat_map(|(index, rule)| rule.triggers().map(move |trigger| (trigger, index)));
        let (words, rule_of): (Vec<&str>, Vec<usize>) = triggers.unzip();
        let mut first_bytes = [false; 256];
        let mut begins = vec![0; 1 << 9];
        for word in &words {
            let Some(first) = bit(word.as_bytes()) else {
                continue;
            };
            first_bytes[usize::from(word.as_bytes()[0])] = true;
            // Any third byte may follow a trigger of two.
            let count = if word.len() < 3 { 32 } else { 1 };
            for bit in first..first + count {
                begins[bit / 64] |= 1 << (bit % 64);
            }
        }
        let automaton = DFA::builder()
            .start_kind(StartKind::Anchored)
            .match_kind(MatchKind::Standard)
            .build(&words)
            .expect(BOUNDED);
        Self {
            automaton,
            rule_of,
            first: first_bytes,
            begins,
        }
    }

    /// Calls `found` with the rule and the place of every trigger in a text.
    pub(super) fn find(&self, text: &str, mut found: impl FnMut(usize, Range<usize>)) {
        let bytes = text.as_bytes();
        let mut before = b' ';
        for (at, byte) in bytes.iter().enumerate() {
            let last = std::mem::replace(&mut before, *byte);
            if !self.first[usize::from(*byte)] || last.is_ascii_alphanumeric() {
                continue;
            }
            let begins =
                bit(&bytes[at..]).is_some_and(|bit| self.begins[bit / 64] >> (bit % 64) & 1 == 1);
            if begins && (last.is_ascii() || starts_word(text, at)) {
                self.at(&bytes[at..], |rule, length| found(rule, at..at + length));
            }
        }
    }

    /// Calls `found` with the rule and the length of every trigger that a text
    /// begins with.
    fn at(&self, text: &[u8], mut found: impl FnMut(usize, usize)) {
        let start = self.automaton.start_state(Anchored::Yes);
        let mut state = start.expect(BOUNDED);
        for (index, byte) in text.iter().enumerate() {
            state = self.automaton.next_state(Anchored::Yes, state, *byte);
            if !self.automaton.is_special(state) {
                continue;
            }
            if self.automaton.is_dead(state) {
                return;
            }
            for number in 0..self.match_count(state) {
                let pattern = self.automaton.match_pattern(state, number);
                // A state of one trigger also lists those that end it.
                if self.automaton.pattern_len(pattern) == index + 1 {
                    found(self.rule_of[pattern.as_usize()], index + 1);
                }
            }
        }
    }

    fn match_count(&self, state: aho_corasick::automaton::StateID) -> usize {
        if self.automaton.is_match(state) {
            self.automaton.match_len(state)
        } else {
            0
        }
    }
}

fn starts_word(text: &str, at: usize) -> bool {
    text[..at]
        .chars()
        .next_back()
        .is_none_or(|c| !c.is_alphanumeric())
}

/// Why the automaton can be built and started: it has a few hundred short
/// words, and is anchored.
const BOUNDED: &str = "a few hundred short words fit an automaton";

#[cfg(test)]
mod tests {
    use super::super::rules::ALL;
    use super::{Triggers, starts_word};
    use proptest::prelude::*;

    fn expected(text: &str) -> Vec<(usize, usize, usize)> {
        let mut expected = Vec::new();
        for (index, rule) in ALL.iter().enumerate() {
            for trigger in rule.triggers() {
                let starts = text.match_indices(trigger).map(|(at, _)| at);
                let found = starts.filter(|at| starts_word(text, *at));
                expected.extend(found.map(|at| (index, at, at + trigger.len())));
            }
        }
        expected.sort_unstable();
        expected
    }

    #[test]
    fn triggers_begin_with_ascii() {
        let mut triggers = ALL.iter().flat_map(|rule| rule.triggers());
        assert!(triggers.all(|trigger| trigger.len() >= 2 && trigger.as_bytes()[0].is_ascii()));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_trigger_at_the_beginning_of_a_word_is_found(
            words in prop::collection::vec(
                "forget|get|ignore|ignore all|\\$a|\\(🔓|your new|set aside|repeat|é|reveal|, |[a-z ]{0,6}", 0..12,
            ),
            between in "[ é.]?",
        ) {
            let text = words.join(&between);
            let mut found = Vec::new();
            Triggers::new().find(&text, |rule, place| found.push((rule, place.start, place.end)));
            found.sort_unstable();
            prop_assert_eq!(found, expected(&text));
        }
    }
}
