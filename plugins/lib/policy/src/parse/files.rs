//! The sources of a document while it is read, and the problems found so far.

use std::collections::BTreeMap;

use super::field::is_secret_path;
use crate::model::SourceLocation;
use crate::problem::Problem;
use crate::problem::code;
use crate::problem::mask::{mask_after_colon, mask_line};

/// Names and lines of the sources, kept with a document so that later steps
/// can still point at a place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files {
    names: Vec<String>,
    lines: Vec<Vec<String>>,
}

impl Files {
    /// Keeps the names and the masked lines of the sources.
    pub(crate) fn new<'a>(sources: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut files = Self::default();
        for (name, text) in sources {
            files.names.push(name.to_owned());
            let text = text.get(..super::MAX_SOURCE_BYTES).unwrap_or(text);
            files.lines.push(text.lines().map(mask_line).collect());
        }
        files
    }

    /// Name of a source.
    pub(crate) fn name(&self, file: usize) -> &str {
        self.names.get(file).map_or("", String::as_str)
    }

    /// Builds a problem at a place.
    pub(crate) fn problem(
        &self,
        code: &'static str,
        at: SourceLocation,
        path: &str,
        message: String,
    ) -> Problem {
        let line = (at.line as usize)
            .checked_sub(1)
            .and_then(|index| self.lines.get(at.file)?.get(index));
        let snippet = match line {
            // The value may be the secret itself, on a line of its own.
            Some(_) if path.split('.').any(is_secret_path) => None,
            // Without a tree nobody knows what the values of the line are.
            Some(line) if code == code::SYNTAX => Some(mask_after_colon(line)),
            line => line.cloned(),
        };
        Problem {
            code,
            message,
            path: path.to_owned(),
            file: self.name(at.file).to_owned(),
            line: at.line,
            column: at.column,
            suggestion: None,
            help: None,
            snippet,
        }
    }
}

/// What decoding a tree gathers: problems, and the place of every value.
pub(crate) struct Findings<'f> {
    pub(crate) files: &'f Files,
    pub(crate) problems: Vec<Problem>,
    pub(crate) places: BTreeMap<String, SourceLocation>,
}

impl<'f> Findings<'f> {
    pub(crate) fn new(files: &'f Files) -> Self {
        Self {
            files,
            problems: Vec::new(),
            places: BTreeMap::new(),
        }
    }

    /// Records a problem; the returned value takes suggestion and help.
    pub(crate) fn report(
        &mut self,
        code: &'static str,
        at: SourceLocation,
        path: &str,
        message: impl Into<String>,
    ) -> &mut Problem {
        let problem = self.files.problem(code, at, path, message.into());
        self.problems.push(problem);
        self.problems.last_mut().expect("pushed in the line above")
    }
}

impl Problem {
    /// Adds what to do.
    pub(crate) fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Adds the nearest of the known words, when one is near enough.
    pub(crate) fn suggest<'a>(
        &mut self,
        word: &str,
        known: impl Iterator<Item = &'a str>,
    ) -> &mut Self {
        self.suggestion = nearest(word, known);
        self
    }
}

/// The known word most like `word`, when they are alike enough that a typing
/// slip explains the difference.
fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let word = word.to_lowercase().replace('-', "_");
    known
        .map(|candidate| {
            let plain = candidate.replace('-', "_");
            (strsim::damerau_levenshtein(&word, &plain), candidate)
        })
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}
