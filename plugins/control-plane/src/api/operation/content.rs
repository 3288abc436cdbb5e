//! Bodies of requests and responses.

use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::api::schema::{Schemas, page_schema, schema};

const EVENTS: &str = "Events `desired`, whose `data` is a `DesiredResponse` and whose `id` is its \
    epoch, a dot and its index: always the newest state, and never a state that was already sent. \
    An event `gone`, whose `data` is a `Problem`, is the last one of a gateway that was deleted. \
    A comment is sent every 25 seconds. The stream ends after about ten minutes, when the server \
    shuts down, and when the token is revoked or expires; a client that reconnects with \
    `Last-Event-ID` misses nothing.";

const LINES: &str = "One `AuditEntry` per line. After an error the transfer is aborted: one that \
    ends regularly is complete.";

/// The body of a request or a response.
#[derive(Clone, Copy)]
pub(in crate::api) enum Content {
    /// No body.
    Empty,
    /// JSON of a type.
    Json(fn(&mut Schemas) -> Value),
    /// JSON of a type, or a configuration in YAML.
    JsonOrYaml(fn(&mut Schemas) -> Value),
    /// A JSON merge patch of a type (RFC 7396).
    Patch(fn(&mut Schemas) -> Value),
    /// A configuration in YAML.
    Yaml,
    /// Text of a media type.
    Text(&'static str),
    /// Rows of the audit log, one per line.
    AuditLines,
    /// The desired states, as server-sent events.
    Events,
}

impl Content {
    /// JSON of the type `T`.
    pub(in crate::api) const fn of<T: ToSchema>() -> Self {
        Self::Json(schema::<T>)
    }

    /// JSON of a page of the type `T`.
    pub(in crate::api) const fn page_of<T: ToSchema>() -> Self {
        Self::Json(page_schema::<T>)
    }

    /// JSON of the type `T`, or a configuration in YAML.
    pub(in crate::api) const fn of_or_yaml<T: ToSchema>() -> Self {
        Self::JsonOrYaml(schema::<T>)
    }

    /// A merge patch of the type `T`.
    pub(in crate::api) const fn patch_of<T: ToSchema>() -> Self {
        Self::Patch(schema::<T>)
    }

    /// Any JSON object.
    pub(in crate::api) const fn any() -> Self {
        Self::Json(|_| json!({"type": "object"}))
    }

    /// Returns the description by media type; `None` without a body.
    pub(in crate::api) fn describe(self, schemas: &mut Schemas) -> Option<Value> {
        // A YAML parser turns it into an object.
        let yaml = || json!({"schema": {"type": ["object", "string"]}});
        match self {
            Self::Empty => None,
            Self::Events => Some(json!({"text/event-stream": {
                "schema": {"type": "string", "description": EVENTS},
            }})),
            Self::Text(media_type) => Some(json!({media_type: {"schema": {"type": "string"}}})),
            Self::AuditLines => Some(json!({"application/x-ndjson": {
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
