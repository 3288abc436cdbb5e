//! Masking of secrets, before any value is rendered.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::problem::mask::is_secret_path;

/// Replaces every secret in a value by a tag. Equal values have equal tags within one diff, so that
/// a change of a secret is visible. The tag is salted with the hash of the base, and too short to
/// verify guesses with.
pub(super) fn mask(path: &str, value: Value, salt: &str) -> Value {
    if path.split('.').any(is_secret_path) {
        return mask_all(value, salt);
    }
    match value {
        Value::Object(object) => Value::Object(
            object
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

/// Replaces every value below the key of a secret by a tag; the keys stay.
fn mask_all(value: Value, salt: &str) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Object(object) => Value::Object(
            object
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
