//! The text forms of a diff.

use std::fmt::Write as _;

use serde_json::Value;
use similar::TextDiff;

use super::change::{Change, ChangeKind, Diff};

/// The maximum length of a value in a line, in characters.
const MAX_VALUE_CHARS: usize = 120;

impl Diff {
    /// Renders one line per change and a summary, for users.
    #[must_use]
    pub fn text(&self) -> String {
        if self.is_empty() {
            return "no changes\n".to_owned();
        }
        let mut out = String::new();
        for change in &self.changes {
            write_change(change, &mut out);
        }
        let weakened = self.guards_weakened().len();
        out.push_str(&summary(self));
        if weakened > 0 {
            let s = if weakened == 1 { "" } else { "s" };
            out.push_str(&format!("; WEAKENS {weakened} guard{s}"));
        }
        out.push('\n');
        out
    }

    /// Renders both sides as indented JSON with sorted keys, in the format of `diff -u`; empty if
    /// they are equal.
    #[must_use]
    pub fn unified(&self, base_name: &str, target_name: &str) -> String {
        if self.is_empty() {
            return String::new();
        }
        let (base, target) = (pretty(&self.base), pretty(&self.target));
        TextDiff::from_lines(base.as_str(), target.as_str())
            .unified_diff()
            .context_radius(3)
            .header(base_name, target_name)
            .to_string()
    }
}

fn summary(diff: &Diff) -> String {
    [
        (ChangeKind::Changed, "changed"),
        (ChangeKind::Added, "added"),
        (ChangeKind::Removed, "removed"),
        (ChangeKind::Moved, "moved"),
    ]
    .into_iter()
    .map(|(kind, word)| (diff.count(kind), word))
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect::<Vec<_>>()
    .join(", ")
}

fn write_change(change: &Change, out: &mut String) {
    let (old, new) = (format_value(&change.old), format_value(&change.new));
    let path = &change.path;
    // Writing to a String cannot fail.
    let written = match change.kind {
        ChangeKind::Added => write!(out, "+ {path}: {new}"),
        ChangeKind::Removed => write!(out, "- {path}: {old}"),
        ChangeKind::Changed => write!(out, "~ {path}: {old} → {new}"),
        ChangeKind::Moved => write!(out, "~ {path}: moved from position {old} to {new}"),
    };
    debug_assert!(written.is_ok());
    if let Some(location) = &change.location {
        out.push_str(&format!("  (at {location})"));
    }
    if let Some(reason) = &change.weakens {
        out.push_str(&format!("  WEAKENS: {reason}"));
    }
    out.push('\n');
}

fn format_value(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.escape_debug().to_string(),
        other => other.to_string(),
    };
    if text.chars().count() <= MAX_VALUE_CHARS {
        return text;
    }
    let short: String = text.chars().take(MAX_VALUE_CHARS).collect();
    format!("{short}…")
}

fn pretty(value: &Value) -> String {
    if value.is_null() {
        return String::new();
    }
    let text = serde_json::to_string_pretty(&sorted(value)).unwrap_or_default();
    format!("{text}\n")
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut members: Vec<_> = object.iter().collect();
            members.sort_by_key(|(key, _)| key.as_str());
            Value::Object(
                members
                    .into_iter()
                    .map(|(key, value)| (key.clone(), sorted(value)))
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        scalar => scalar.clone(),
    }
}
