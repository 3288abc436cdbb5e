//! Query parameters.

use serde_json::{Value, json};

use crate::api::schema::id_pattern;

/// The type of a query parameter.
#[derive(Debug, Clone, Copy)]
pub(in crate::api) enum ParameterType {
    /// An integer with its minimum, its maximum and its default.
    Integer(u64, u64, u64),
    /// An unsigned integer of 64 bits.
    Unsigned,
    /// Any text.
    Text,
    /// A time (RFC 3339).
    Time,
    /// `true` or `false`.
    Boolean,
    /// One of these words.
    Enum(&'static [&'static str]),
    /// An id with this prefix.
    Id(&'static str),
    /// Text that matches a regular expression.
    Pattern(&'static str),
}

/// A query parameter.
#[derive(Debug, Clone, Copy)]
pub(in crate::api) struct Parameter {
    /// Its name.
    pub(in crate::api) name: &'static str,
    description: &'static str,
    parameter_type: ParameterType,
    required: bool,
}

impl Parameter {
    /// Returns an optional parameter.
    pub(in crate::api) const fn new(
        name: &'static str,
        parameter_type: ParameterType,
        description: &'static str,
    ) -> Self {
        Self {
            name,
            description,
            parameter_type,
            required: false,
        }
    }

    /// Makes the parameter required.
    pub(in crate::api) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Returns the OpenAPI description.
    pub(in crate::api) fn describe(&self) -> Value {
        json!({
            "name": self.name,
            "in": "query",
            "required": self.required,
            "description": self.description,
            "schema": schema(self.parameter_type),
        })
    }
}

fn schema(parameter_type: ParameterType) -> Value {
    match parameter_type {
        ParameterType::Integer(least, most, default) => {
            json!({"type": "integer", "minimum": least, "maximum": most, "default": default})
        }
        ParameterType::Unsigned => json!({"type": "integer", "minimum": 0, "maximum": u64::MAX}),
        ParameterType::Text => json!({"type": "string"}),
        ParameterType::Time => json!({"type": "string", "format": "date-time"}),
        ParameterType::Boolean => json!({"type": "boolean"}),
        ParameterType::Enum(words) => json!({"type": "string", "enum": words}),
        ParameterType::Id(prefix) => json!({"type": "string", "pattern": id_pattern(prefix)}),
        ParameterType::Pattern(pattern) => json!({"type": "string", "pattern": pattern}),
    }
}
