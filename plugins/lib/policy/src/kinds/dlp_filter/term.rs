//! The forms of settings that only this kind has.

use serde_json::{Value, json};

use crate::decode::{Diagnostics, Field, LengthRange};
use crate::settings::Form;

/// The length of a term, in characters.
const LENGTH: LengthRange = LengthRange { min: 2, max: 100 };

/// A word or phrase.
pub(super) struct Term;

impl Form for Term {
    type Value = String;

    fn decode(&self, field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
        let term = field.bounded_string(&LENGTH, diagnostics)?;
        if term.trim() != term || !term.chars().any(char::is_alphanumeric) {
            let message = format!(
                "`{}` must contain a letter or digit, and no leading or trailing spaces",
                field.path
            );
            field.reject(message, diagnostics);
        }
        Some(term)
    }

    fn schema(&self) -> Value {
        json!({
            "type": "string",
            "minLength": LENGTH.min,
            "maxLength": LENGTH.max,
            "pattern": r"^\S(.*\S)?$",
        })
    }
}

/// A number of which only 0 is enforced.
pub(super) struct MaxDistance;

impl Form for MaxDistance {
    type Value = u64;

    fn decode(&self, field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<u64> {
        let distance = field.integer(0..=8, diagnostics)?;
        if distance > 0 {
            let what = "a `max_distance` above 0";
            diagnostics.report_unsupported(field.location, &field.path, what);
        }
        Some(distance)
    }

    fn schema(&self) -> Value {
        json!({ "const": 0 })
    }
}
