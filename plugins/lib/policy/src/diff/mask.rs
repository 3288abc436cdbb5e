//! Masking, once, in the model, before any rendering sees a value.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::parse::field::is_secret_path;

/// The value with everything secret-like replaced by a tag. Equal values have
/// equal tags within one diff, so that a change still shows; the tag is salted
/// with the base's hash and is too short to test guesses against.
pub(crate) fn mask(path: &str, value: Value, salt: &str) -> Value {
    if path.split('.').any(is_secret_path) {
        return hide(value, salt);
    }
    match value {
        Value::Object(table) => Value::Object(
            table
                .into_iter()
                .map(|(key, value)| {
                    let value = mask(&key, value, salt);
                    (key, value)
                })
                .collect::<Map<_, _>>(),
        ),
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| mask("", item, salt)).collect())
        }
        scalar => scalar,
    }
}

/// Every value below a secret-like key becomes a tag; the keys stay.
fn hide(value: Value, salt: &str) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Object(table) => Value::Object(
            table
                .into_iter()
                .map(|(key, value)| (key, tag(&value, salt)))
                .collect(),
        ),
        other => tag(&other, salt),
    }
}

fn tag(value: &Value, salt: &str) -> Value {
    let mut hasher = Sha256::new();
    hasher.update(salt.as_bytes());
    hasher.update(value.to_string().as_bytes());
    let digest = hasher.finalize();
    Value::from(format!("‹redacted {:02x}{:02x}›", digest[0], digest[1]))
}
