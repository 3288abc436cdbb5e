//! [`SourceLocation`].

/// A location in one of the sources of a document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct SourceLocation {
    /// The index of the source, in the order in which they were passed.
    pub file: usize,
    /// The line, counted from 1; 0 if unknown.
    pub line: u32,
    /// The column in characters, counted from 1; 0 if unknown.
    pub column: u32,
}
