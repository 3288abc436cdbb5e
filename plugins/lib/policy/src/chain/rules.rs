//! What a chain looks for in texts of both directions.

use std::ops::Range;

use super::action::FilterAction;
use super::automaton::Automaton;
use super::label::Label;
use super::matched::{Matches, View};
use super::pattern::Pattern;
use super::phases::Detector;
use super::progress::Progress;
use super::starts::{Ahead, DetectorSet, Start, StartTable};

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
    /// Whether letters leave a stream whose script the rest of their word decides.
    pub(crate) releases_pending: bool,
    starts: StartTable,
}

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
        let blocks = patterns.iter().any(|p| p.action == FilterAction::Block);
        Self {
            blocks,
            releases_pending: !blocks && !detectors.iter().any(|detector| detector.is_strict()),
            starts: StartTable::new(&detectors),
            patterns,
            detectors,
            own,
        }
    }

    /// Returns whether the detectors can be asked at `at` of the folded text.
    #[inline]
    pub(crate) fn may_ask(&self, text: &[u8], at: usize) -> bool {
        self.starts.may_ask(text, at)
    }

    /// Returns the first position of a range of the folded text where something may begin, or its
    /// end, and which detectors to ask there.
    pub(crate) fn next_start(
        &self,
        view: View<'_>,
        range: Range<usize>,
        ahead: &mut Ahead,
    ) -> Start {
        self.starts
            .next(&self.detectors, view, (range.start, range.end), ahead)
    }

    /// Adds what detectors find at `at` of the folded text. Returns `false` when text that has not
    /// arrived decides.
    pub(crate) fn matches_at(
        &self,
        detectors: DetectorSet,
        (view, at, label): (View<'_>, usize, &Label),
        progress: &mut Progress,
        found: &mut Matches,
    ) -> bool {
        let asked = self.detectors.iter().enumerate();
        asked
            .filter(|(index, _)| detectors.has(*index))
            .all(|(_, detector)| detector.matches_at(view, at, progress, label, found))
    }
}
