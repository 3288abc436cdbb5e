//! The detectors of a position, by the class of its byte.

use super::{bank, email, network, number, phone};
use crate::chain::{Detector, Match, Matches, Progress, RecentWords, Starts, View, WordTriggers};

/// The pattern of each kind, by its index in the chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct PersonalData {
    /// `None` when payment cards are not looked for.
    pub(super) card: Option<usize>,
    pub(super) ssn: usize,
    pub(super) email: usize,
    pub(super) phone: usize,
    pub(super) ip: usize,
    pub(super) iban: usize,
}

/// What a byte can begin.
const NOTHING: u8 = 0;
const NUMBER: u8 = 1;
const LETTER: u8 = 2;
const COLON: u8 = 4;
const SIGN: u8 = 8;

const CLASSES: [u8; 256] = {
    let mut classes = [NOTHING; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' => NUMBER,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80..=0xff => LETTER,
            b':' => COLON,
            b'+' | b'(' => SIGN,
            _ => NOTHING,
        };
        byte += 1;
    }
    classes
};

impl Detector for PersonalData {
    fn starts(&self, first: u8, second: u8) -> Starts {
        Starts {
            word: first.is_ascii_digit(),
            anywhere: match first {
                b':' => second == b':',
                b'+' | b'(' => !second.is_ascii_alphabetic(),
                _ => false,
            },
        }
    }

    fn word_triggers(&self) -> WordTriggers {
        WordTriggers {
            before_at: true,
            digits: true,
            colon: true,
            ..WordTriggers::default()
        }
    }

    fn reads_words(&self) -> bool {
        true
    }

    fn matches_at(
        &self,
        view: View<'_>,
        at: usize,
        progress: &mut Progress,
        words: &RecentWords,
        found: &mut Matches,
    ) -> bool {
        let byte = view.text[at];
        let class = CLASSES[usize::from(byte)];
        let mut decided = true;
        let mut take = |pattern: usize, result: Match| match result {
            Match::None => {}
            Match::Open => decided = false,
            Match::End(end) => found.push(pattern, end),
        };
        if class & (NUMBER | LETTER) != 0 {
            take(self.email, email::at(view, at, progress));
        }
        if class & (NUMBER | SIGN) != 0 {
            match number::run(view, at, progress) {
                None => take(self.phone, Match::Open),
                Some(run) => {
                    // Most digits are in lists, dates and sums: what they
                    // cannot begin is not looked for.
                    let digits = run.leading_digits();
                    if let Some(card) = self.card.filter(|_| digits >= 2) {
                        take(card, bank::card(&run));
                    }
                    if matches!(digits, 3 | 9) {
                        take(self.ssn, number::ssn(&run, words));
                    }
                    if matches!(digits, 1..=3) && run.byte(at + digits) == Some(b'.') {
                        take(self.ip, network::ipv4(&run, words));
                    }
                    take(self.phone, phone::at(&run, digits, words));
                }
            }
        }
        if class & (NUMBER | COLON) != 0 || byte.is_ascii_hexdigit() {
            progress.steps += 1;
            take(self.ip, network::ipv6(view, at));
        }
        if byte.is_ascii_alphabetic() {
            progress.steps += 1;
            take(self.iban, bank::iban(view, at));
        }
        decided
    }
}
