//! [`Problem`] and [`Problems`].

use serde::Serialize;

/// One thing that is wrong, with its place.
///
/// No text of it ever contains a secret: values of secret-like keys are never
/// quoted, and the source line kept for the snippet is masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Stable code, `E001` to `E019` for errors, `W…` for warnings.
    pub code: &'static str,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Path in the document, `policies.chain[0]`; empty for the whole document.
    pub path: String,
    /// Name of the source, as given in [`Source::name`](crate::Source).
    pub file: String,
    /// Line, counted from 1; 0 when there is no place.
    pub line: u32,
    /// Column in characters, counted from 1; 0 when there is no place.
    pub column: u32,
    /// The nearest known word, when there is one.
    pub suggestion: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// The source line, masked, for the snippet.
    #[serde(skip)]
    pub(crate) snippet: Option<String>,
}

/// All problems of a document, in the order of their places.
///
/// Serialises as the plain list; [`Display`](std::fmt::Display) gives the text
/// for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(transparent)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Sorts by place. The list must not be empty.
    pub(crate) fn new(mut list: Vec<Problem>) -> Self {
        list.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        Self(list)
    }

    /// The problems, sorted by file, line and column.
    #[must_use]
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }

    /// Iterates over the problems.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }

    /// The first problem, which is what a one-line rejection shows.
    #[must_use]
    pub fn first(&self) -> Option<&Problem> {
        self.0.first()
    }

    /// How many there are; never 0 in a value this crate returned as an error.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
