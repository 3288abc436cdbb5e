//! The detector: everything that may begin at a position.

use super::format::Formats;
use super::{assignment, jwt, private_key, url};
use crate::chain::{
    Announced, Detector, Hold, Label, Match, Matches, Progress, Rest, Starts, View, WordTriggers,
};
use crate::text::is_word;

/// The signs that a value may begin with. Letters and digits begin words.
const SIGNS: &[u8] = b"!#$%&*+/?@^~";

/// Finds the secrets of a text.
pub(super) struct SecretDetector {
    pub(super) formats: Formats,
    /// The pattern of each format.
    pub(super) format_patterns: Vec<usize>,
    pub(super) jwt: usize,
    pub(super) private_key: usize,
    pub(super) assignment: Option<usize>,
    pub(super) password: Option<usize>,
    /// Whether the beginning of a prefix need not wait.
    pub(super) is_fluent: bool,
}

impl Detector for SecretDetector {
    fn starts(&self, first: u8, second: u8) -> Starts {
        Starts {
            word: false,
            // `-----BEGIN`.
            anywhere: first == b'-' && second == b'-',
        }
    }

    fn word_triggers(&self) -> WordTriggers {
        WordTriggers {
            prefixes: self
                .formats
                .beginnings()
                .chain([jwt::PREFIX.into()])
                .collect(),
            announced: Some(Announced {
                endings: &assignment::ENDINGS,
                signs: SIGNS,
                check: assignment::may_begin,
            }),
            ..WordTriggers::default()
        }
    }

    fn is_strict(&self) -> bool {
        !self.is_fluent
    }

    fn matches_at(
        &self,
        view: View<'_>,
        at: usize,
        progress: &mut Progress,
        label: &Label,
        found: &mut Matches,
    ) -> bool {
        // The label stands before the text with a colon and a space.
        let label = label.as_bytes();
        let labeled = !label.is_empty() && progress.base + at == label.len() + 2;
        if !labeled && !self.may_begin(view.text, at) {
            return true;
        }
        let label = labeled.then_some(label);
        let mut view = view;
        if !self.is_fluent {
            view.hold = Hold::Possible;
        }
        self.secrets_at(view, at, label, &mut progress.steps, found)
    }
}

impl SecretDetector {
    /// Whether anything may begin at `at`: nearly all words are left here.
    #[inline]
    fn may_begin(&self, text: &[u8], at: usize) -> bool {
        let before = &text[..at];
        let byte = text[at];
        let begins = is_word(byte) || byte == b'-' || SIGNS.contains(&byte);
        if !begins || before.last().is_some_and(|byte| is_word(*byte)) {
            return false;
        }
        matches!(byte, b'-' | b'e')
            || self.formats.may_begin(text, at)
            || assignment::may_begin(before)
    }

    #[inline(never)]
    fn secrets_at(
        &self,
        view: View<'_>,
        at: usize,
        label: Option<&[u8]>,
        steps: &mut usize,
        found: &mut Matches,
    ) -> bool {
        let mut decided = true;
        let mut take = |pattern: usize, result: Match, rest: Option<Rest>| match result {
            Match::None => {}
            Match::Open => decided = false,
            Match::End(end) => found.push_with_rest(pattern, end, rest),
        };
        let text = view.text;
        if text[at] == b'-' {
            let key = private_key::at(view, at, steps);
            let end = match key {
                Match::End(end) => end,
                _ => at,
            };
            let rest = private_key::rest(&text[at..end]);
            take(self.private_key, key, Some(rest));
            return decided;
        }
        if self.formats.may_begin(text, at) {
            self.formats.matches_at(view, at, steps, |format, result| {
                take(self.format_patterns[format], result, None);
            });
        }
        if text[at] == b'e' {
            take(self.jwt, jwt::at(view, at, steps), Some(jwt::rest()));
        }
        let before = &text[..at];
        if let Some(pattern) = self.password.filter(|_| before.ends_with(b":")) {
            take(pattern, url::at(view, at, steps), None);
        }
        let announced = label.is_some() || assignment::may_begin(before);
        if let Some(pattern) = self.assignment.filter(|_| announced) {
            let result = assignment::at(view, at, label, steps);
            let length = match result {
                Match::End(end) => end - at,
                _ => 0,
            };
            take(pattern, result, assignment::rest(length));
        }
        decided
    }
}
