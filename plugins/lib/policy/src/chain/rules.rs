//! What a chain looks for in texts of both directions.

use super::automaton::Automaton;
use super::detect::{self, PersonalData, Progress, RecentWords, after_word, is_word};
use super::matched::{Match, Matches, View};
use super::pattern::Pattern;
use super::terms::Terms;
use crate::model::{FilterAction, PolicyKind};

/// The compiled detectors of `pii-detector` and `dlp-filter`.
pub(crate) struct Rules {
    /// What follows from a match, by index.
    pub(crate) patterns: Vec<Pattern>,
    /// The built-in kinds of personal data.
    pub(crate) personal: Option<PersonalData>,
    /// The blocked terms, and their pattern.
    pub(crate) terms: Option<(usize, Terms)>,
    /// The operator's own patterns.
    pub(crate) own: Option<OwnPatterns>,
    /// Where anything can begin.
    starts: Starts,
}

/// What can begin with each byte of a folded text.
struct Starts([u8; 256]);

/// Something that begins a word.
const WORD: u8 = 1;
/// Something that can begin within a word.
const ANYWHERE: u8 = 2;
/// The byte belongs to a word.
const INSIDE: u8 = 4;

/// The operator's own patterns.
pub(crate) struct OwnPatterns {
    pub(crate) automaton: Automaton,
    /// The policy that the first of them belongs to: it reports when the budget
    /// is spent.
    pub(crate) policy: PolicyKind,
    /// Whether a text goes on unjudged when its budget is spent.
    pub(crate) fail_open: bool,
}

impl Rules {
    /// Puts the detectors together.
    pub(crate) fn new(
        patterns: Vec<Pattern>,
        personal: Option<PersonalData>,
        terms: Option<(usize, Terms)>,
        own: Option<OwnPatterns>,
    ) -> Self {
        let mut starts = [0; 256];
        for byte in 0..=u8::MAX {
            let (word, anywhere) = terms
                .as_ref()
                .map_or((false, false), |(_, terms)| terms.begins_with(byte));
            let (personal_word, personal_anywhere) =
                personal.map_or((false, false), |_| detect::begins_with(byte));
            starts[usize::from(byte)] = u8::from(word || personal_word) * WORD
                + u8::from(anywhere || personal_anywhere) * ANYWHERE
                + u8::from(is_word(byte)) * INSIDE;
        }
        Self {
            patterns,
            personal,
            terms,
            own,
            starts: Starts(starts),
        }
    }

    /// Returns whether any match blocks.
    pub(crate) fn block(&self) -> bool {
        self.patterns
            .iter()
            .any(|pattern| pattern.action == FilterAction::Block)
    }

    /// Returns whether a built-in detector or a term can begin at `at` of the
    /// folded text.
    #[inline]
    pub(crate) fn can_begin(&self, text: &[u8], at: usize) -> bool {
        let class = self.starts.0[usize::from(text[at])];
        class & ANYWHERE != 0 || (class & WORD != 0 && !after_word(text, at))
    }

    /// Returns the first position from `at` on where one can begin.
    pub(crate) fn next_start(&self, text: &[u8], at: usize) -> usize {
        let mut inside = after_word(text, at);
        let rest = text.get(at..).unwrap_or_default();
        let begins = |byte: &u8| {
            let class = self.starts.0[usize::from(*byte)];
            let begins = class & ANYWHERE != 0 || (class & WORD != 0 && !inside);
            inside = class & INSIDE != 0;
            begins
        };
        at + rest.iter().position(begins).unwrap_or(rest.len())
    }

    /// Adds what the built-in detectors and the terms find at `at` of the
    /// folded text. Returns `false` when text that has not arrived decides.
    pub(crate) fn matches_at(
        &self,
        view: View<'_>,
        at: usize,
        progress: &mut Progress,
        words: &RecentWords,
        found: &mut Matches,
    ) -> bool {
        if let Some(personal) = &self.personal
            && !personal.matches_at(view, at, progress, words, found)
        {
            return false;
        }
        let Some((pattern, terms)) = &self.terms else {
            return true;
        };
        match terms.at(view, at, &mut progress.steps) {
            Match::Open => return false,
            Match::End(end) => found.push(*pattern, end),
            Match::None => {}
        }
        true
    }
}
