//! What a chain looks for in texts of both directions.

use super::action::FilterAction;
use super::automaton::Automaton;
use super::matched::{Matches, View};
use super::pattern::Pattern;
use super::phases::Detector;
use super::progress::Progress;
use super::words::RecentWords;
use crate::text::{after_word, is_word};

/// The compiled detectors and patterns of all policies.
pub(crate) struct Rules {
    /// What follows from a match, by index.
    pub(crate) patterns: Vec<Pattern>,
    /// The built-in detectors, in the order of the chain.
    detectors: Vec<Box<dyn Detector>>,
    /// The operator's own patterns.
    pub(crate) own: Option<OwnPatterns>,
    /// Whether any match blocks.
    pub(crate) blocks: bool,
    /// Whether any detector asks for the words before a position.
    pub(crate) reads_words: bool,
    /// What can begin with each byte of a folded text.
    starts: [u8; 256],
}

/// Something that begins a word.
const WORD: u8 = 1;
/// Something that can begin within a word.
const ANYWHERE: u8 = 2;
/// The byte belongs to a word.
const INSIDE: u8 = 4;

/// The operator's own patterns.
pub(crate) struct OwnPatterns {
    pub(crate) automaton: Automaton,
    /// The first of them: its policy reports when the budget is spent.
    pub(crate) first: usize,
    /// Whether a text goes on unjudged when its budget is spent.
    pub(crate) fail_open: bool,
}

impl Rules {
    /// Puts the detectors together.
    pub(crate) fn new(
        patterns: Vec<Pattern>,
        detectors: Vec<Box<dyn Detector>>,
        own: Option<OwnPatterns>,
    ) -> Self {
        let mut starts = [0; 256];
        for byte in 0..=u8::MAX {
            let class = &mut starts[usize::from(byte)];
            *class |= u8::from(is_word(byte)) * INSIDE;
            for detector in &detectors {
                let begins = detector.starts(byte);
                *class |= u8::from(begins.word) * WORD + u8::from(begins.anywhere) * ANYWHERE;
            }
        }
        Self {
            blocks: patterns.iter().any(|p| p.action == FilterAction::Block),
            reads_words: detectors.iter().any(|d| d.reads_words()),
            patterns,
            detectors,
            own,
            starts,
        }
    }

    /// Returns whether a detector can find something at `at` of the
    /// folded text.
    #[inline]
    pub(crate) fn can_begin(&self, text: &[u8], at: usize) -> bool {
        let class = self.starts[usize::from(text[at])];
        class & ANYWHERE != 0 || (class & WORD != 0 && !after_word(text, at))
    }

    /// Returns the first position from `at` on where one can begin.
    pub(crate) fn next_start(&self, text: &[u8], at: usize) -> usize {
        let mut inside = after_word(text, at);
        let rest = text.get(at..).unwrap_or_default();
        let begins = |byte: &u8| {
            let class = self.starts[usize::from(*byte)];
            let begins = class & ANYWHERE != 0 || (class & WORD != 0 && !inside);
            inside = class & INSIDE != 0;
            begins
        };
        at + rest.iter().position(begins).unwrap_or(rest.len())
    }

    /// Adds what the detectors find at `at` of the folded text. Returns `false` when text that has
    /// not arrived decides.
    pub(crate) fn matches_at(
        &self,
        view: View<'_>,
        at: usize,
        progress: &mut Progress,
        words: &RecentWords,
        found: &mut Matches,
    ) -> bool {
        self.detectors
            .iter()
            .all(|detector| detector.matches_at(view, at, progress, words, found))
    }
}
