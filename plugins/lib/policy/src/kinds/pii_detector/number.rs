//! Runs of digits, and what all number checks share.

use crate::chain::{Progress, View};
use crate::text::is_word;

/// Longest number that is looked at, in bytes: 19 digits, each behind a
/// separator, and some parentheses.
const MAX_RUN: usize = 64;

/// A run of digits and separators that begins at a position.
pub(super) struct NumberRun<'t> {
    /// The whole text.
    pub(super) text: &'t [u8],
    /// Where the run begins.
    pub(super) at: usize,
    /// Where it ends, at most [`MAX_RUN`] bytes on.
    pub(super) end: usize,
}

impl NumberRun<'_> {
    /// The byte at an offset of the text.
    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.text.get(at).copied()
    }

    /// The byte at an offset, if it belongs to the run.
    pub(super) fn inside(&self, at: usize) -> Option<u8> {
        self.byte(at).filter(|_| at < self.end)
    }

    /// Digits that stand together at the beginning, of at most ten.
    pub(super) fn leading_digits(&self) -> usize {
        let head = &self.text[self.at..self.end.min(self.at + 10)];
        head.iter().take_while(|b| b.is_ascii_digit()).count()
    }

    /// Whether a word boundary (`\b`) is before the run.
    pub(super) fn begins_word(&self) -> bool {
        self.at == 0 || !is_word(self.text[self.at - 1])
    }

    /// Whether a word boundary is at `end`, behind a digit.
    pub(super) fn ends_word(&self, end: usize) -> bool {
        self.byte(end).is_none_or(|byte| !is_word(byte))
    }

    /// Whether the number is part of a longer one: a letter, a digit, or either
    /// behind a joining sign stands before it.
    pub(super) fn is_joined_left(&self) -> bool {
        match &self.text[..self.at] {
            [.., before, sign] if is_joining(*sign) => {
                before.is_ascii_alphanumeric() || matches!(sign, b'_' | b'#')
            }
            [.., byte] => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'#'),
            [] => false,
        }
    }

    /// The same for what stands at `end`.
    pub(super) fn is_joined_right(&self, end: usize) -> bool {
        match self.text.get(end..).unwrap_or_default() {
            // `-b66c` goes on a UUID; a word after a hyphen ends a sentence.
            [b'-', first, second, ..] if first.is_ascii_hexdigit() && second.is_ascii_digit() => {
                true
            }
            [sign, byte, ..] if is_joining(*sign) => byte.is_ascii_digit(),
            [byte, ..] => is_word(*byte),
            [] => false,
        }
    }
}

fn is_joining(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b'/' | b'_' | b'#')
}

/// Measures the run that begins at `at`; `None` while it can still grow.
pub(super) fn run<'t>(view: View<'t>, at: usize, progress: &mut Progress) -> Option<NumberRun<'t>> {
    let text = view.text;
    let mut end = progress.number_end.max(at + 1);
    while text.get(end).is_some_and(|byte| is_part(*byte)) {
        end += 1;
    }
    // Measured once; each number in it is then read by five detectors at most.
    progress.steps += end - progress.number_end.max(at + 1) + 5 * (end - at).min(MAX_RUN);
    progress.number_end = end;
    // Three bytes behind a number are looked at.
    if !view.complete && end + 3 > text.len() && end - at < MAX_RUN {
        return None;
    }
    Some(NumberRun {
        text,
        at,
        end: end.min(at + MAX_RUN),
    })
}

/// Whether a byte belongs to a run.
pub(super) fn is_part(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'.' | b'/' | b'(' | b')')
}
