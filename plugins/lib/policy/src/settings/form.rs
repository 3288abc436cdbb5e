//! [`Form`].

use serde::Serialize;
use serde_json::Value;

use super::declaration::Declaration;
use crate::decode::{Diagnostics, Field};

/// How the value of a setting is written.
pub(crate) trait Form {
    /// The value.
    type Value: Serialize;

    /// Reads the value; reports what is wrong with it.
    fn decode(&self, field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<Self::Value>;

    /// Returns the JSON Schema.
    fn schema(&self) -> Value;

    /// Returns the settings of a mapping.
    fn nested(&self) -> Vec<Declaration> {
        Vec::new()
    }
}
