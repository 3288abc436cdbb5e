//! Text as PostgreSQL can hold it: without the character NUL.

use std::borrow::Cow;

use serde_json::Value;

/// Stands for what cannot be kept: U+FFFD, the replacement character.
const INSTEAD: &str = "\u{fffd}";

/// Replaces NUL, which no checked text holds and an instance's message might.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', INSTEAD))
    } else {
        Cow::Borrowed(text)
    }
}

/// The same for every text of a JSON value.
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

/// The same for a JSON text, in which NUL is escaped.
pub(super) fn storable_json_text(text: &str) -> Cow<'_, str> {
    if !text.contains("\\u0000") {
        return Cow::Borrowed(text);
    }
    serde_json::from_str(text).map_or(Cow::Borrowed(text), |value| {
        Cow::Owned(storable_json(value).to_string())
    })
}
