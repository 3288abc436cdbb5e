//! What reading a tree gathers: problems, and the location of every value.

use std::collections::BTreeMap;

use super::node::NodeKind;
use crate::problem::{Problem, code, looks_like_secret};
use crate::source::{SourceLocation, SourceMap};

/// The longest text of the user that a message quotes, in characters.
const MAX_QUOTED_CHARS: usize = 40;

/// The problems of the sources so far, and the location of every value by its path.
pub(crate) struct Diagnostics<'s> {
    pub(crate) source_map: &'s SourceMap,
    pub(crate) problems: Vec<Problem>,
    pub(crate) warnings: Vec<Problem>,
    pub(crate) locations: BTreeMap<String, SourceLocation>,
}

impl<'s> Diagnostics<'s> {
    pub(crate) fn new(source_map: &'s SourceMap) -> Self {
        Self {
            source_map,
            problems: Vec::new(),
            warnings: Vec::new(),
            locations: BTreeMap::new(),
        }
    }

    /// Reports a problem and returns it, to add a suggestion and help.
    pub(crate) fn report(
        &mut self,
        code: &'static str,
        location: SourceLocation,
        path: &str,
        message: impl Into<String>,
    ) -> &mut Problem {
        let problem = self
            .source_map
            .problem(code, location, path, message.into());
        self.problems.push(problem);
        self.problems.last_mut().expect("pushed in the line above")
    }

    /// Reports a valid value that is probably not what was intended.
    pub(crate) fn warn(
        &mut self,
        code: &'static str,
        location: SourceLocation,
        path: &str,
        message: String,
    ) -> &mut Problem {
        let warning = self.source_map.problem(code, location, path, message);
        self.warnings.push(warning);
        self.warnings.last_mut().expect("pushed in the line above")
    }

    /// Reports a value of the wrong type without quoting it.
    pub(crate) fn report_type(
        &mut self,
        location: SourceLocation,
        path: &str,
        expected: &str,
        actual: &NodeKind,
    ) {
        let actual_type = actual.type_name();
        let message = if path.is_empty() {
            format!(
                "the configuration must be {expected} with keys such as `pack`, not {actual_type}"
            )
        } else {
            format!("`{path}` must be {expected}, not {actual_type}")
        };
        let problem = self.report(code::WRONG_TYPE, location, path, message);
        if expected == "a string" && !matches!(actual, NodeKind::Sequence(_) | NodeKind::Mapping(_))
        {
            problem.help("put it in quotes");
        } else if expected == "a boolean" {
            problem.help("write `true` or `false`");
        }
    }

    /// Reports a setting that a compatible product has, but this version does not enforce.
    pub(crate) fn report_unsupported(&mut self, location: SourceLocation, path: &str, what: &str) {
        let message = format!("{what} is not supported by this version");
        self.report(code::UNSUPPORTED, location, path, message)
            .help("remove it: it would be accepted but not enforced");
    }
}

/// Shortens a text of the user for a message. A text that looks like a credential is masked.
pub(crate) fn truncate(text: &str) -> String {
    if looks_like_secret(text) {
        return "***".to_owned();
    }
    let mut short: String = text.chars().take(MAX_QUOTED_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
