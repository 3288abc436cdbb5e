//! Canonical JSON (RFC 8785, for the values that occur here: strings, booleans, integers).

use serde::Serialize;
use serde_json::Value;

/// Converts a model value to JSON. The model consists of strings, booleans, integers, lists and
/// structs, none of which can fail to serialize.
pub(crate) fn to_value<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// Appends the canonical form of a value.
pub(crate) fn write_sorted(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut pairs: Vec<_> = map.iter().collect();
            // RFC 8785 sorts by UTF-16 code units.
            pairs.sort_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
            out.push('{');
            for (index, (key, value)) in pairs.into_iter().enumerate() {
                write_separator(index, out);
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write_sorted(value, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                write_separator(index, out);
                write_sorted(item, out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

fn write_separator(index: usize, out: &mut String) {
    if index > 0 {
        out.push(',');
    }
}
