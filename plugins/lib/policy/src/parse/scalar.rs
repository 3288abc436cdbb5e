//! Typed reading of one value.

use std::ops::RangeInclusive;

use regex_syntax::hir::Hir;

use super::field::{Field, is_secret_path, wrong_type};
use super::files::Findings;
use super::node::Value;
use crate::model::{Millis, Word};
use crate::problem::code;

/// How long a text may be, in characters.
pub(crate) struct Spec {
    pub(crate) min: usize,
    pub(crate) max: usize,
}

impl Field<'_> {
    /// A string.
    pub(crate) fn text(&self, findings: &mut Findings<'_>) -> Option<String> {
        match &self.node.value {
            Value::Text(text) => Some(text.clone()),
            other => {
                wrong_type(findings, self.at, &self.path, "a string", other);
                None
            }
        }
    }

    /// A string of a length within bounds.
    pub(crate) fn bounded(&self, spec: &Spec, findings: &mut Findings<'_>) -> Option<String> {
        let text = self.text(findings)?;
        let length = text.chars().count();
        if (spec.min..=spec.max).contains(&length) {
            return Some(text);
        }
        let message = format!(
            "`{}` must have {} to {} characters, not {length}",
            self.path, spec.min, spec.max
        );
        self.reject(message, findings);
        None
    }

    /// A boolean.
    pub(crate) fn flag(&self, findings: &mut Findings<'_>) -> Option<bool> {
        match &self.node.value {
            Value::Bool(value) => Some(*value),
            other => {
                wrong_type(findings, self.at, &self.path, "a boolean", other);
                None
            }
        }
    }

    /// An integer within bounds.
    pub(crate) fn integer(
        &self,
        bounds: RangeInclusive<u64>,
        findings: &mut Findings<'_>,
    ) -> Option<u64> {
        let Value::Int(value) = &self.node.value else {
            wrong_type(
                findings,
                self.at,
                &self.path,
                "an integer",
                &self.node.value,
            );
            return None;
        };
        if let Some(value) = u64::try_from(*value).ok().filter(|v| bounds.contains(v)) {
            return Some(value);
        }
        let (low, high) = (bounds.start(), bounds.end());
        let message = format!(
            "`{}` must be between {low} and {high}, not {value}",
            self.path
        );
        self.reject(message, findings);
        None
    }

    /// A duration such as `5s`.
    pub(crate) fn duration(&self, findings: &mut Findings<'_>) -> Option<Millis> {
        let found = match &self.node.value {
            Value::Text(text) => Millis::parse(text),
            Value::Int(_) => None,
            other => {
                wrong_type(findings, self.at, &self.path, "a duration", other);
                return None;
            }
        };
        if found.is_none() {
            let message = format!("`{}` is not a duration", self.path);
            findings
                .report(code::BAD_VALUE, self.at, &self.path, message)
                .help("write a positive number with a unit, up to 24h: 250ms, 5s, 2m, 1h");
        }
        found
    }

    /// One of a set of words.
    pub(crate) fn word<W: Word>(&self, findings: &mut Findings<'_>) -> Option<W> {
        let text = self.text(findings)?;
        let found = W::WORDS.iter().find(|(word, _)| *word == text);
        if let Some((_, value)) = found {
            return Some(*value);
        }
        let words: Vec<&str> = W::WORDS.iter().map(|(word, _)| *word).collect();
        let shown = if is_secret_path(&self.path) {
            String::new()
        } else {
            format!(" `{}`", crop(&text))
        };
        let message = format!("unknown value{shown} for `{}`", self.path);
        findings
            .report(code::UNKNOWN_WORD, self.at, &self.path, message)
            .suggest(&text, words.iter().copied())
            .help(format!("allowed: {}", words.join(", ")));
        None
    }

    /// A regular expression. Its automaton may still be too big for the
    /// gateway, which only compiling can say.
    pub(crate) fn pattern(&self, findings: &mut Findings<'_>) -> Option<String> {
        let text = self.text(findings)?;
        let why = match parse_pattern(&text) {
            Ok(hir) if hir.properties().minimum_len() == Some(0) => {
                "the pattern matches the empty text, and so everywhere".to_owned()
            }
            Ok(hir) if hir.properties().minimum_len().is_none() => {
                "the pattern can never match".to_owned()
            }
            Ok(_) => return Some(text),
            Err(why) => why,
        };
        findings
            .report(
                code::BAD_PATTERN,
                self.at,
                &self.path,
                format!("bad pattern: {why}"),
            )
            .help("look-around and back-references are not available; (?i) ignores case");
        None
    }

    /// Reports an unacceptable value.
    pub(crate) fn reject(&self, message: String, findings: &mut Findings<'_>) {
        findings.report(code::BAD_VALUE, self.at, &self.path, message);
    }
}

/// Parses a pattern the way the detectors use it.
pub(crate) fn parse_pattern(pattern: &str) -> Result<Hir, String> {
    regex_syntax::ParserBuilder::new()
        .nest_limit(100)
        .build()
        .parse(pattern)
        .map_err(|error| match error {
            regex_syntax::Error::Parse(e) => {
                format!("{} (at character {})", e.kind(), e.span().start.column)
            }
            regex_syntax::Error::Translate(e) => e.kind().to_string(),
            _ => "not a regular expression".to_owned(),
        })
}

/// At most 40 characters of a word, for messages.
pub(crate) fn crop(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
