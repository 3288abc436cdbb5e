//! Errors about the command line, for programs.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use kt_plugin_api::{Class, Error};
use serde_json::{Value, json};

/// What programs learn from the context of an error, by the name of the member.
const MEMBERS: [(&str, ContextKind); 6] = [
    ("argument", ContextKind::InvalidArg),
    ("value", ContextKind::InvalidValue),
    ("command", ContextKind::InvalidSubcommand),
    ("conflicts_with", ContextKind::PriorArg),
    ("valid_values", ContextKind::ValidValue),
    ("valid_commands", ContextKind::ValidSubcommand),
];
const SUGGESTIONS: [ContextKind; 3] = [
    ContextKind::SuggestedSubcommand,
    ContextKind::SuggestedArg,
    ContextKind::SuggestedValue,
];

/// Converts an error of the parser: what is wrong is the message, suggestions are hints, and
/// the rest is data.
pub(crate) fn usage_error(error: &clap::Error) -> Error {
    let text = error.render().to_string();
    // Tips and the usage follow after an empty line.
    let what = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = what.split_whitespace().collect();
    let message = words.join(" ");
    let message = message.trim_start_matches("error: ");
    let mut converted =
        Error::new(Class::Usage, "invalid-arguments", message).data("reason", reason(error.kind()));
    for (name, kind) in MEMBERS {
        if let Some(value) = error.get(kind).map(json) {
            converted = converted.data(name, value);
        }
    }
    let suggested = SUGGESTIONS.into_iter().filter_map(|kind| error.get(kind));
    let suggestions: Vec<String> = suggested.flat_map(texts).collect();
    if !suggestions.is_empty() {
        let quoted: Vec<String> = suggestions.iter().map(|s| format!("`{s}`")).collect();
        converted = converted
            .hint(format!("did you mean {}?", quoted.join(" or ")))
            .data("suggestions", json!(suggestions));
    }
    match error.get(ContextKind::Usage) {
        Some(usage) => converted.data("usage", texts(usage).join("").replace("Usage: ", "")),
        None => converted,
    }
}

/// Returns a stable name for what is wrong.
fn reason(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => "invalid-value",
        ErrorKind::UnknownArgument => "unknown-argument",
        ErrorKind::InvalidSubcommand => "unknown-command",
        ErrorKind::MissingRequiredArgument => "missing-argument",
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "missing-command"
        }
        ErrorKind::ArgumentConflict => "conflicting-arguments",
        ErrorKind::NoEquals
        | ErrorKind::TooManyValues
        | ErrorKind::TooFewValues
        | ErrorKind::WrongNumberOfValues => "wrong-number-of-values",
        ErrorKind::InvalidUtf8 => "not-unicode",
        _ => "other",
    }
}

fn json(value: &ContextValue) -> Value {
    match value {
        ContextValue::Strings(all) => json!(all),
        other => Value::from(texts(other).join("")),
    }
}

fn texts(value: &ContextValue) -> Vec<String> {
    match value {
        ContextValue::String(text) => vec![text.clone()],
        ContextValue::Strings(all) => all.clone(),
        ContextValue::StyledStr(text) => vec![text.to_string()],
        ContextValue::StyledStrs(all) => all.iter().map(ToString::to_string).collect(),
        ContextValue::None => Vec::new(),
        other => vec![other.to_string()],
    }
}
