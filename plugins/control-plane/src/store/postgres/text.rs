//! Text as PostgreSQL can store it: without NUL characters.

use std::borrow::Cow;

use serde_json::Value;

/// Replaces NUL: U+FFFD, the replacement character.
const REPLACEMENT: &str = "\u{fffd}";

/// Replaces NUL, which validated texts do not contain, but messages of instances might.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', REPLACEMENT))
    } else {
        Cow::Borrowed(text)
    }
}

/// Replaces NUL in all texts of a JSON value.
pub(super) fn storable_json(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(storable(&text).into_owned()),
        Value::Array(items) => items.into_iter().map(storable_json).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(key, value)| (storable(&key).into_owned(), storable_json(value)))
            .collect(),
        other => other,
    }
}

/// Replaces NUL in a JSON text, where it is escaped.
pub(super) fn storable_json_text(text: &str) -> Cow<'_, str> {
    if !text.contains("\\u0000") {
        return Cow::Borrowed(text);
    }
    serde_json::from_str(text).map_or(Cow::Borrowed(text), |value| {
        Cow::Owned(storable_json(value).to_string())
    })
}
