//! What is sent and what comes back.

use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::bounds::bound;

/// What the derive calls the schema of a time.
const TIME: &str = "String";

/// What the events are.
const EVENTS: &str = "Events `desired`, whose `data` is a `DesiredResponse` and whose `id` is its \
    epoch, a dot and its index: the newest state, never one that was sent already. An event \
    `gone`, whose `data` is a `Problem`, is the last one of a gateway that was deleted. A comment \
    comes each 25 seconds. The stream ends after about ten minutes, when the server ends, and \
    when the token does; whoever comes back with `Last-Event-ID` misses nothing.";

/// What the lines are.
const LINES: &str = "An `AuditEntry` on each line. When something goes wrong in the middle, the \
    transfer breaks off: one that ends in order is whole.";

/// The schemas that were referred to so far, by name.
pub(super) type Schemas = Map<String, Value>;

/// A body, or its absence.
#[derive(Clone, Copy)]
pub(in crate::api) enum Content {
    /// Nothing.
    Nothing,
    /// JSON of a type.
    Json(fn(&mut Schemas) -> Value),
    /// JSON of a type, or a configuration as it is.
    JsonOrYaml(fn(&mut Schemas) -> Value),
    /// JSON of a type as a merge patch (RFC 7396).
    Patch(fn(&mut Schemas) -> Value),
    /// A configuration as it is.
    Yaml,
    /// Text of a media type.
    Text(&'static str),
    /// Some bytes of a body of a media type.
    Part(&'static str),
    /// Rows of the trail, one on each line.
    Lines,
    /// What is desired, as server-sent events.
    Events,
}

impl Content {
    /// JSON of the type `T`.
    pub(in crate::api) const fn of<T: ToSchema>() -> Self {
        Self::Json(schema::<T>)
    }

    /// JSON of one page of the type `T`.
    pub(in crate::api) const fn page_of<T: ToSchema>() -> Self {
        Self::Json(page::<T>)
    }

    /// JSON of the type `T`, or a configuration as it is.
    pub(in crate::api) const fn of_or_yaml<T: ToSchema>() -> Self {
        Self::JsonOrYaml(schema::<T>)
    }

    /// A merge patch of the type `T`.
    pub(in crate::api) const fn patch_of<T: ToSchema>() -> Self {
        Self::Patch(schema::<T>)
    }

    /// JSON of any form.
    pub(in crate::api) const fn any() -> Self {
        Self::Json(|_| json!({"type": "object"}))
    }

    /// Describes it by media type; nothing when there is no body.
    pub(super) fn describe(self, schemas: &mut Schemas) -> Option<Value> {
        // A reader of YAML makes a table of it.
        let yaml = || json!({"schema": {"type": ["object", "string"]}});
        match self {
            Self::Nothing => None,
            Self::Events => Some(json!({"text/event-stream": {
                "schema": {"type": "string", "description": EVENTS},
            }})),
            // A part need not be anything that a reader of the whole can read.
            Self::Part(kind) => Some(json!({kind: {}})),
            Self::Text(kind) => Some(json!({kind: {"schema": {"type": "string"}}})),
            Self::Lines => Some(json!({"application/x-ndjson": {
                "schema": {"type": "string", "description": LINES},
            }})),
            Self::Yaml => Some(json!({"application/yaml": yaml()})),
            Self::Json(schema) => Some(json!({"application/json": {"schema": schema(schemas)}})),
            Self::JsonOrYaml(schema) => Some(json!({
                "application/json": {"schema": schema(schemas)},
                "application/yaml": yaml(),
            })),
            Self::Patch(schema) => Some(json!({
                "application/merge-patch+json": {"schema": schema(schemas)},
                "application/json": {"schema": schema(schemas)},
            })),
        }
    }
}

/// Refers to the schema of a type, and keeps it with those it refers to.
pub(super) fn schema<T: ToSchema>(schemas: &mut Schemas) -> Value {
    let name = T::name().into_owned();
    let mut found = vec![(name.clone(), T::schema())];
    T::schemas(&mut found);
    for (name, schema) in found {
        // Times are named after the type they are written as; see `mend`.
        if name == TIME {
            continue;
        }
        let mut schema = serde_json::to_value(schema).unwrap_or_default();
        mend(&mut schema);
        // The state alone is `unknown` in earnest.
        if name != "SyncState" {
            without_unknown(&mut schema);
        }
        bound(&name, &mut schema);
        schemas.insert(name, schema);
    }
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn page<T: ToSchema>(schemas: &mut Schemas) -> Value {
    json!({
        "type": "object",
        "required": ["items", "next_cursor"],
        "properties": {
            "items": {"type": "array", "items": schema::<T>(schemas)},
            "next_cursor": {
                "type": ["string", "null"],
                "description": "What to send as `cursor` for the next page; null on the last one.",
            },
        },
    })
}

/// Takes away the word that stands for what a newer control plane may send: this one never does.
fn without_unknown(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Array(words)) = members.get_mut("enum") {
                words.retain(|word| word != "unknown");
            }
            members.values_mut().for_each(without_unknown);
        }
        Value::Array(items) => items.iter_mut().for_each(without_unknown),
        _ => {}
    }
}

/// Writes times out, and takes from descriptions what only the documentation of code has.
fn mend(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let time = format!("#/components/schemas/{TIME}");
            if members.get("$ref").is_some_and(|target| *target == time) {
                members.remove("$ref");
                members.insert("type".to_owned(), "string".into());
                members.insert("format".to_owned(), "date-time".into());
            }
            if let Some(Value::String(text)) = members.get_mut("description") {
                *text = text
                    .replace("[`", "`")
                    .replace("`]", "`")
                    .replace("crate::", "");
            }
            members.values_mut().for_each(mend);
        }
        Value::Array(items) => items.iter_mut().for_each(mend),
        _ => {}
    }
}
