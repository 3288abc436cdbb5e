//! Parameters of queries and paths.

use kt_control_api::ProblemCode;
use serde_json::{Value, json};

use super::bounds::{NAME, id_pattern};

/// What a parameter may hold.
#[derive(Debug, Clone, Copy)]
pub(in crate::api) enum Kind {
    /// A number between two bounds, and what stands when it is absent.
    Number(u64, u64, u64),
    /// A number of 64 bits.
    Count,
    /// Any text.
    Text,
    /// A time as in RFC 3339.
    Time,
    /// `true` or `false`.
    Flag,
    /// One of some words.
    Word(&'static [&'static str]),
    /// An id with a prefix.
    Id(&'static str),
    /// Text of a form, as a regular expression.
    Form(&'static str),
}

/// A query parameter.
#[derive(Debug, Clone, Copy)]
pub(in crate::api) struct Parameter {
    /// Its name.
    pub(in crate::api) name: &'static str,
    about: &'static str,
    kind: Kind,
    required: bool,
}

impl Parameter {
    /// A parameter that may be absent.
    pub(in crate::api) const fn new(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self {
            name,
            about,
            kind,
            required: false,
        }
    }

    /// The same, but it must be there.
    pub(in crate::api) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) fn describe(&self) -> Value {
        json!({
            "name": self.name,
            "in": "query",
            "required": self.required,
            "description": self.about,
            "schema": schema(self.kind),
        })
    }
}

fn schema(kind: Kind) -> Value {
    match kind {
        Kind::Number(least, most, default) => {
            json!({"type": "integer", "minimum": least, "maximum": most, "default": default})
        }
        Kind::Count => json!({"type": "integer", "minimum": 0, "maximum": u64::MAX}),
        Kind::Text => json!({"type": "string"}),
        Kind::Time => json!({"type": "string", "format": "date-time"}),
        Kind::Flag => json!({"type": "boolean"}),
        Kind::Word(words) => json!({"type": "string", "enum": words}),
        Kind::Id(prefix) => id(prefix),
        Kind::Form(pattern) => json!({"type": "string", "pattern": pattern}),
    }
}

fn id(prefix: &str) -> Value {
    json!({"type": "string", "pattern": id_pattern(prefix)})
}

/// Describes the `{name}`s of a path.
pub(super) fn of_path(path: &str) -> Vec<Value> {
    let names = path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    names.map(of_segment).collect()
}

fn of_segment(name: &str) -> Value {
    let (about, schema) = match name {
        "gateway" => (
            "Id or unique name of the gateway.",
            json!({"type": "string", "pattern": NAME}),
        ),
        "slug" => {
            let all: Vec<&str> = ProblemCode::ALL.iter().map(|slug| slug.as_str()).collect();
            (
                "Code of the problem.",
                json!({"type": "string", "enum": all}),
            )
        }
        "token_id" => ("Id of the token.", id("tok_")),
        _ => (
            "Number of the version.",
            json!({"type": "integer", "minimum": 1, "maximum": i64::MAX}),
        ),
    };
    json!({"name": name, "in": "path", "required": true, "description": about, "schema": schema})
}
