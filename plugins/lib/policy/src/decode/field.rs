//! Typed access to one value.

use std::ops::RangeInclusive;

use super::diagnostics::{Diagnostics, truncate};
use super::millis::Millis;
use super::node::{Node, NodeKind};
use super::pattern::{MAX_GAP_BYTES, has_long_gap, parse_pattern};
use super::string_enum::StringEnum;
use crate::problem::code;
use crate::problem::mask::is_secret_path;
use crate::source::SourceLocation;

/// A value of a mapping or a list, with its path and location.
pub(crate) struct Field<'n> {
    pub(crate) node: &'n Node,
    pub(crate) path: String,
    pub(crate) location: SourceLocation,
}

/// The length limits of a string, in characters.
pub(crate) struct LengthRange {
    pub(crate) min: usize,
    pub(crate) max: usize,
}

impl<'n> Field<'n> {
    /// Returns the last key of the path.
    pub(crate) fn key(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or_default()
    }

    /// Returns the string.
    pub(crate) fn string(&self, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
        match &self.node.kind {
            NodeKind::String(text) => Some(text.clone()),
            other => {
                diagnostics.report_type(self.location, &self.path, "a string", other);
                None
            }
        }
    }

    /// Returns the string, of a length within limits.
    pub(crate) fn bounded_string(
        &self,
        length: &LengthRange,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<String> {
        let text = self.string(diagnostics)?;
        let count = text.chars().count();
        if (length.min..=length.max).contains(&count) {
            return Some(text);
        }
        let message = format!(
            "`{}` must have {} to {} characters, not {count}",
            self.path, length.min, length.max
        );
        self.reject(message, diagnostics);
        None
    }

    /// Returns the boolean.
    pub(crate) fn boolean(&self, diagnostics: &mut Diagnostics<'_>) -> Option<bool> {
        match &self.node.kind {
            NodeKind::Bool(value) => Some(*value),
            other => {
                diagnostics.report_type(self.location, &self.path, "a boolean", other);
                None
            }
        }
    }

    /// Returns the integer, within bounds.
    pub(crate) fn integer(
        &self,
        bounds: RangeInclusive<u64>,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<u64> {
        let NodeKind::Int(value) = &self.node.kind else {
            diagnostics.report_type(self.location, &self.path, "an integer", &self.node.kind);
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
        self.reject(message, diagnostics);
        None
    }

    /// Returns the duration, such as `5s`.
    pub(crate) fn duration(&self, diagnostics: &mut Diagnostics<'_>) -> Option<Millis> {
        let duration = match &self.node.kind {
            NodeKind::String(text) => Millis::parse(text),
            NodeKind::Int(_) => None,
            other => {
                diagnostics.report_type(self.location, &self.path, "a duration", other);
                return None;
            }
        };
        if duration.is_none() {
            let message = format!("`{}` is not a duration", self.path);
            diagnostics
                .report(code::INVALID_VALUE, self.location, &self.path, message)
                .help("write a positive number with a unit, up to 24h: 250ms, 5s, 2m, 1h");
        }
        duration
    }

    /// Returns the enum value.
    pub(crate) fn variant<E: StringEnum>(&self, diagnostics: &mut Diagnostics<'_>) -> Option<E> {
        let text = self.string(diagnostics)?;
        let variant = E::VARIANTS.iter().find(|(name, _)| *name == text);
        if let Some((_, variant)) = variant {
            return Some(*variant);
        }
        let names: Vec<&str> = E::VARIANTS.iter().map(|(name, _)| *name).collect();
        let quoted = if is_secret_path(&self.path) {
            String::new()
        } else {
            format!(" `{}`", truncate(&text))
        };
        let message = format!("unknown value{quoted} for `{}`", self.path);
        diagnostics
            .report(code::UNKNOWN_VALUE, self.location, &self.path, message)
            .suggest(&text, names.iter().copied())
            .help(format!("allowed: {}", names.join(", ")));
        None
    }

    /// Returns the items of the list, as fields with `[index]` paths.
    pub(crate) fn items(&self, diagnostics: &mut Diagnostics<'_>) -> Option<Vec<Field<'n>>> {
        let NodeKind::Sequence(items) = &self.node.kind else {
            diagnostics.report_type(self.location, &self.path, "a list", &self.node.kind);
            return None;
        };
        let mut fields = Vec::with_capacity(items.len());
        for (index, node) in items.iter().enumerate() {
            let path = format!("{}[{index}]", self.path);
            diagnostics.locations.insert(path.clone(), node.location);
            fields.push(Field {
                node,
                path,
                location: node.location,
            });
        }
        Some(fields)
    }

    /// Returns the regular expression. Its automaton may still be too large for the gateway, which
    /// only compiling it can tell.
    pub(crate) fn pattern(&self, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
        let text = self.string(diagnostics)?;
        let error = match parse_pattern(&text) {
            Ok(hir) if hir.properties().minimum_len() == Some(0) => {
                "the pattern matches the empty string, and so everywhere".to_owned()
            }
            Ok(hir) if hir.properties().minimum_len().is_none() => {
                "the pattern can never match".to_owned()
            }
            Ok(hir) => {
                if has_long_gap(&hir) {
                    let message = format!(
                        "`{}` finds no match with a part of more than {MAX_GAP_BYTES} bytes in it",
                        self.path
                    );
                    diagnostics
                        .warn(code::W_LONG_GAP, self.location, &self.path, message)
                        .help("bound the repetition, such as `.{0,120}` instead of `.*`");
                }
                return Some(text);
            }
            Err(error) => error,
        };
        diagnostics
            .report(
                code::INVALID_PATTERN,
                self.location,
                &self.path,
                format!("invalid pattern: {error}"),
            )
            .help("look-around and back-references are not available; (?i) ignores case");
        None
    }

    /// Reports an invalid value.
    pub(crate) fn reject(&self, message: String, diagnostics: &mut Diagnostics<'_>) {
        diagnostics.report(code::INVALID_VALUE, self.location, &self.path, message);
    }
}
