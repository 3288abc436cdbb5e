//! [`Problem`] and [`Problems`].

use std::collections::HashMap;

use serde::Serialize;

use super::Snippet;

/// The problems of one line that show the line. Rendering takes time in proportion to the length of
/// the line, and a minified file of thousands of problems is one line.
const MAX_SNIPPETS_PER_LINE: usize = 100;

/// A problem with its location.
///
/// No field contains a secret: the values of keys such as `api_key` are never quoted, and the
/// source line of the snippet is masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The stable code, `E001` to `E019` for errors, `W…` for warnings.
    pub code: &'static str,
    /// The message, one sentence without a full stop.
    pub message: String,
    /// The path in the document, such as `policies.chain[0]`; empty for the whole document.
    pub path: String,
    /// The name of the source, as in [`Source::name`](crate::Source).
    pub file: String,
    /// The line, counted from 1; 0 if there is no location.
    pub line: u32,
    /// The column in characters, counted from 1; 0 if there is no location.
    pub column: u32,
    /// The most similar valid word, if there is one.
    pub suggestion: Option<String>,
    /// How to fix it.
    pub help: Option<String>,
    /// The source line, masked.
    #[serde(skip)]
    pub(crate) snippet: Option<Snippet>,
}

/// All problems of a document, in the order of their locations.
///
/// Serializes as a list; [`Display`](std::fmt::Display) renders the text for users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(transparent)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Sorts the problems by location. The list must not be empty.
    pub(crate) fn new(mut list: Vec<Problem>) -> Self {
        list.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        limit_snippets(&mut list);
        Self(list)
    }

    /// Returns the problems, sorted by file, line and column.
    #[must_use]
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }

    /// Iterates over the problems.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }

    /// Returns the first problem, which a one-line rejection shows.
    #[must_use]
    pub fn first(&self) -> Option<&Problem> {
        self.0.first()
    }

    /// Returns the number of problems; never 0 in an error of this crate.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there are no problems.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn limit_snippets(list: &mut [Problem]) {
    let mut counts: HashMap<(&str, u32), usize> = HashMap::new();
    for problem in list {
        let count = counts.entry((&problem.file, problem.line)).or_default();
        *count += 1;
        if *count > MAX_SNIPPETS_PER_LINE {
            problem.snippet = None;
        }
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
