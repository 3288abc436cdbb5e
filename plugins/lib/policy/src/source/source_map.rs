//! [`SourceMap`]: from locations to names and lines.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::{MAX_SOURCE_BYTES, Source, SourceLocation};
use crate::problem::mask::{LineMask, is_secret_path, mask_after_colon};
use crate::problem::{Problem, Snippet, code};

/// The names and the lines of the sources. A document keeps them, so that later steps can report
/// locations too.
#[derive(Debug, Clone, Default)]
pub(crate) struct SourceMap {
    names: Vec<String>,
    lines: Vec<SourceLines>,
}

/// The lines of a source, which are masked when the first of them is shown: masking was measured to
/// take an eighth of the time to parse a configuration without problems.
#[derive(Clone)]
struct SourceLines {
    text: Arc<str>,
    masked: OnceLock<Vec<Arc<str>>>,
}

impl SourceLines {
    fn masked(&self, index: usize) -> Option<&Arc<str>> {
        let lines = self.masked.get_or_init(|| {
            let mut mask = LineMask::default();
            let lines = self.text.lines();
            lines.map(|line| mask.mask(line).into()).collect()
        });
        lines.get(index)
    }
}

/// Without the text, which may contain secrets.
impl fmt::Debug for SourceLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceLines").finish_non_exhaustive()
    }
}

impl SourceMap {
    /// Keeps the names and the lines of the sources.
    pub(crate) fn new(sources: &[Source]) -> Self {
        let mut source_map = Self::default();
        for Source { name, text } in sources {
            source_map.names.push(name.clone());
            let text = text.get(..MAX_SOURCE_BYTES).unwrap_or(text);
            source_map.lines.push(SourceLines {
                text: text.into(),
                masked: OnceLock::new(),
            });
        }
        source_map
    }

    /// Returns the name of a source.
    pub(crate) fn name(&self, file: usize) -> &str {
        self.names.get(file).map_or("", String::as_str)
    }

    /// Builds a problem at a location.
    pub(crate) fn problem(
        &self,
        code: &'static str,
        location: SourceLocation,
        path: &str,
        message: String,
    ) -> Problem {
        Problem {
            code,
            message,
            path: path.to_owned(),
            file: self.name(location.file).to_owned(),
            line: location.line,
            column: location.column,
            suggestion: None,
            help: None,
            snippet: self.snippet(code, location, path),
        }
    }

    fn snippet(&self, code: &str, location: SourceLocation, path: &str) -> Option<Snippet> {
        // The value may be the secret itself, on a line of its own.
        if path.split('.').any(is_secret_path) {
            return None;
        }
        let index = (location.line as usize).checked_sub(1)?;
        let line = self.lines.get(location.file)?.masked(index)?;
        if code == code::SYNTAX {
            // Without a tree it is unknown which values of the line are secrets.
            let line = mask_after_colon(line).into();
            return Some(Snippet::new(line, location.column));
        }
        Some(Snippet::new(Arc::clone(line), location.column))
    }
}
