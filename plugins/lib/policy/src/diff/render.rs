//! The two texts of a diff.

use std::fmt::Write as _;

use serde_json::Value;
use similar::TextDiff;

use super::{Change, Diff, Op};

/// Longest value shown in a line, in characters.
const SHOWN: usize = 120;

/// One line per change, then a summary.
pub(crate) fn text(diff: &Diff) -> String {
    if diff.is_empty() {
        return "no changes\n".to_owned();
    }
    let mut out = String::new();
    for change in &diff.changes {
        line(change, &mut out);
    }
    let weak = diff.guards_weakened().len();
    out.push_str(&summary(diff));
    if weak > 0 {
        let s = if weak == 1 { "" } else { "s" };
        out.push_str(&format!("; WEAKENS {weak} guard{s}"));
    }
    out.push('\n');
    out
}

fn summary(diff: &Diff) -> String {
    [
        (Op::Changed, "changed"),
        (Op::Added, "added"),
        (Op::Removed, "removed"),
        (Op::Moved, "moved"),
    ]
    .into_iter()
    .map(|(op, word)| (diff.count(op), word))
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect::<Vec<_>>()
    .join(", ")
}

fn line(change: &Change, out: &mut String) {
    let (old, new) = (show(&change.old), show(&change.new));
    let path = &change.path;
    // Writing to a String cannot fail.
    let written = match change.op {
        Op::Added => write!(out, "+ {path}: {new}"),
        Op::Removed => write!(out, "- {path}: {old}"),
        Op::Changed => write!(out, "~ {path}: {old} → {new}"),
        Op::Moved => write!(out, "~ {path}: moved from position {old} to {new}"),
    };
    debug_assert!(written.is_ok());
    if let Some(from) = &change.from {
        out.push_str(&format!("  (from: {from})"));
    }
    if let Some(why) = &change.weakens {
        out.push_str(&format!("  WEAKENS: {why}"));
    }
    out.push('\n');
}

fn show(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.escape_debug().to_string(),
        other => other.to_string(),
    };
    if text.chars().count() <= SHOWN {
        return text;
    }
    let short: String = text.chars().take(SHOWN).collect();
    format!("{short}…")
}

/// `diff -u` of both sides as indented JSON with sorted keys.
pub(crate) fn unified(diff: &Diff, base_name: &str, target_name: &str) -> String {
    if diff.is_empty() {
        return String::new();
    }
    let (before, after) = (pretty(&diff.before), pretty(&diff.after));
    TextDiff::from_lines(before.as_str(), after.as_str())
        .unified_diff()
        .context_radius(3)
        .header(base_name, target_name)
        .to_string()
}

fn pretty(value: &Value) -> String {
    let text = serde_json::to_string_pretty(&sorted(value)).unwrap_or_default();
    format!("{text}\n")
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(table) => {
            let mut pairs: Vec<_> = table.iter().collect();
            pairs.sort_by_key(|(key, _)| key.as_str());
            Value::Object(
                pairs
                    .into_iter()
                    .map(|(key, value)| (key.clone(), sorted(value)))
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        scalar => scalar.clone(),
    }
}
