//! Words that announce what the number behind them is.
//!
//! They are read only where a number has a form that needs them, so that prose costs nothing: from
//! shortly before the last number, or [`REACH`] bytes back.

use super::topic::{Topic, Topics};
use super::word_table::{LONGEST_PHRASE, words_of};
use crate::chain::{CONTEXT_BYTES, Progress};

/// How far before a number a word may end.
const REACH: usize = CONTEXT_BYTES - 4;

/// What stands before a position.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'t> {
    pub(super) text: &'t [u8],
    pub(super) at: usize,
    /// The label of the text, such as the key of a value.
    pub(super) label: &'t [u8],
}

impl Context<'_> {
    /// Returns what the words announce that end within so many bytes before the position.
    pub(super) fn topics(self, within: usize, progress: &mut Progress) -> Topics {
        read(self, progress);
        if progress.announced.is_empty() {
            return 0;
        }
        let near = (progress.base + self.at).saturating_sub(within);
        let found = progress.announced.iter().filter(|(end, _)| *end >= near);
        found.fold(0, |all, (_, topics)| all | topics)
    }

    /// Returns whether a word within so many bytes before the position announces any of some
    /// topics.
    pub(super) fn announces(self, topics: Topics, within: usize, progress: &mut Progress) -> bool {
        self.topics(within, progress) & topics != 0
    }
}

/// Reads the words up to `at`.
fn read(context: Context<'_>, progress: &mut Progress) {
    let Context { text, at, label } = context;
    let base = progress.base;
    if progress.announced_to == base + at && at > 0 {
        return;
    }
    let announced = &mut progress.announced;
    if progress.announced_to == 0 {
        let _ = words_of(label, 0, |end, topics| {
            let word = (end, topics & !Topic::PhoneInProse.bit());
            if !announced.contains(&word) {
                announced.push(word);
            }
        });
    }
    let known = progress.announced_to.saturating_sub(base);
    // A phrase that ends near enough may begin before.
    let from = known.max(at.saturating_sub(REACH + LONGEST_PHRASE));
    let near = (base + at).saturating_sub(REACH);
    announced.retain(|(end, _)| *end >= near);
    let open = words_of(&text[..at], from, |end, topics| {
        // A word that begins before the last position may be known.
        let word = (base + end, topics);
        if !announced.contains(&word) {
            announced.push(word);
        }
    });
    progress.steps += at.saturating_sub(from);
    // No phrase goes on behind a number, but behind a letter one may.
    let letter = text.get(at).is_some_and(u8::is_ascii_alphabetic);
    progress.announced_to = base + if letter { open } else { at };
}
