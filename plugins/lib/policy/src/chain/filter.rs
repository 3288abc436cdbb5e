//! The filter of a response, one per channel (choice and field).

use std::sync::Arc;

use super::automaton::MAX_MATCH_BYTES;
use super::compiled::Compiled;
use super::evaluation::{Block, Finding, Replacement};
use super::scanner::Scanner;

/// Bytes behind a match that a detector may look at.
const LOOKAHEAD_BYTES: usize = 3;

/// Most bytes of a response that a [`StreamFilter`] holds back, whatever the
/// patterns: the longest match and the bytes a check looks ahead. Ordinary
/// text is not held at all.
pub const MAX_HOLD_BYTES: usize = MAX_MATCH_BYTES + LOOKAHEAD_BYTES;

/// What a filter gives back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterOutput {
    /// Text to pass on now; may be empty.
    pub release: String,
    /// When set, the response ends here: nothing further is released.
    pub block: Option<Block>,
}

/// What a filter has decided, for texts that are released in another form.
pub(crate) struct FilterSpans {
    /// Bytes of the whole text that have left or are replaced.
    pub(crate) decided: usize,
    /// What is replaced in them, since the last call.
    pub(crate) spans: Vec<Replacement>,
    pub(crate) block: Option<Block>,
}

/// Filters one channel of a response as it arrives.
///
/// What is found and blocked is the same however the text is split. So is the released text,
/// unless a word has left before an `@` came behind it, or letters of another script before a Latin
/// one showed that they only look Latin.
pub struct StreamFilter {
    compiled: Arc<Compiled>,
    scanner: Scanner,
}

impl StreamFilter {
    pub(crate) fn new(compiled: Arc<Compiled>) -> Self {
        Self::labeled(compiled, "")
    }

    /// Returns a filter for the value of a key.
    pub(crate) fn labeled(compiled: Arc<Compiled>, label: &str) -> Self {
        Self {
            compiled,
            scanner: Scanner::labeled(label),
        }
    }

    /// Takes the next piece of text and returns what can be passed on.
    pub fn push(&mut self, piece: &str) -> FilterOutput {
        self.advance(piece, false)
    }

    /// Returns what need not wait any longer, because the text has paused: words that may still
    /// become an address.
    pub fn pause(&mut self) -> FilterOutput {
        let rules = self.compiled.rules.as_ref();
        FilterOutput {
            release: rules.map_or_else(String::new, |rules| self.scanner.pause(rules)),
            block: None,
        }
    }

    /// Ends the text and returns what was held back. A text that continues after all is
    /// judged together with what has left: the rest of a match is replaced.
    pub fn finish(&mut self) -> FilterOutput {
        self.advance("", true)
    }

    /// What was found so far.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.scanner.findings
    }

    /// Bytes held back at this moment, at most [`MAX_HOLD_BYTES`].
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.scanner.held()
    }

    /// Takes the next piece of a text, and returns what is decided in place of the text
    /// itself.
    pub(crate) fn push_spans(&mut self, piece: &str, complete: bool) -> FilterSpans {
        let output = self.advance(piece, complete);
        self.spans(output.block)
    }

    /// As [`StreamFilter::pause`], and returns what has left in place of the text itself.
    pub(crate) fn pause_spans(&mut self) -> FilterSpans {
        let output = self.pause();
        self.spans(output.block)
    }

    fn spans(&mut self, block: Option<Block>) -> FilterSpans {
        FilterSpans {
            decided: match &self.compiled.rules {
                Some(_) => self.scanner.decided(),
                None => usize::MAX,
            },
            spans: std::mem::take(&mut self.scanner.spans),
            block,
        }
    }

    fn advance(&mut self, piece: &str, complete: bool) -> FilterOutput {
        let Some(rules) = &self.compiled.rules else {
            return FilterOutput {
                release: piece.to_owned(),
                block: None,
            };
        };
        let mut release = self.scanner.push(rules, piece, false);
        if complete {
            release.push_str(&self.scanner.interrupt(rules));
        }
        let block = self
            .scanner
            .blocked_by
            .map(|blocked| self.compiled.block_of(rules, blocked, "output_blocked"));
        FilterOutput { release, block }
    }
}

impl std::fmt::Debug for StreamFilter {
    /// Without the held text, which must not reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamFilter")
            .field("held_bytes", &self.held_bytes())
            .field("blocked", &self.scanner.blocked_by.is_some())
            .finish_non_exhaustive()
    }
}
