//! [`Snippet`]: the source line that a problem shows.

use std::ops::Range;
use std::sync::Arc;

/// A source line and the location of a problem in it. Secrets are masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snippet {
    /// The whole line, shared by its problems: a minified file is one line.
    pub(crate) line: Arc<str>,
    /// The byte offset of the location in the line.
    pub(crate) offset: usize,
}

impl Snippet {
    /// Creates a snippet; `column` is counted in characters, from 1.
    pub(crate) fn new(line: Arc<str>, column: u32) -> Self {
        let index = (column as usize).saturating_sub(1);
        let offset = line.char_indices().nth(index).map(|(offset, _)| offset);
        Self {
            offset: offset.unwrap_or(line.len()),
            line,
        }
    }

    /// Returns the bytes of the character at the location.
    pub(crate) fn span(&self) -> Range<usize> {
        let rest = self.line.get(self.offset..).unwrap_or_default();
        let length = rest.chars().next().map_or(1, char::len_utf8);
        self.offset..self.offset + length
    }
}
