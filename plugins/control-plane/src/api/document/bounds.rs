//! What may be in the texts and numbers that callers send: the types alone do not say.

use kt_control_api::{
    MAX_CONTENT_BYTES, MAX_DESCRIPTION_CHARS, MAX_GRACE_SECONDS, MAX_LABELS, MAX_MESSAGE_CHARS,
    MAX_TOKEN_SECONDS,
};
use serde_json::{Map, Value, json};

use crate::api::backup::MOST_KEPT;
use crate::api::config::MAX_SOURCE_CHARS;
use crate::api::delivery::MAX_TEXT_CHARS;

/// A name; also an id, where both are taken.
pub(super) const NAME: &str = "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$";
/// Text without control characters, which are U+0000 to U+001F and U+007F to U+009F.
const PLAIN: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";

/// The form of an id.
pub(super) fn id_pattern(prefix: &str) -> String {
    format!("^{prefix}[a-z2-7]{{16}}$")
}

/// Adds the bounds of a schema and its members.
pub(super) fn bound(name: &str, schema: &mut Value) {
    let prefix = match name {
        "GatewayId" => Some("gw_"),
        "TokenId" => Some("tok_"),
        "InstanceId" => Some("in_"),
        _ => None,
    };
    if let Some(prefix) = prefix {
        schema["pattern"] = id_pattern(prefix).into();
    }
    if name == "ContentHash" {
        schema["pattern"] = "^[0-9a-f]{64}$".into();
    }
    let Some(Value::Object(members)) = schema.get_mut("properties") else {
        return;
    };
    for (member, schema) in members {
        for (key, value) in of_member(name, member) {
            schema[key] = value;
        }
        number(schema);
    }
}

/// The bounds of a member of what callers send.
fn of_member(of: &str, member: &str) -> Map<String, Value> {
    let bounds = match (of, member) {
        ("CreateGatewayRequest" | "GatewayPatch" | "CreateTokenRequest", "name") => {
            json!({"pattern": NAME})
        }
        ("CreateTokenRequest", "gateway") => json!({"pattern": NAME}),
        ("CreateGatewayRequest" | "GatewayPatch", "description") => text(MAX_DESCRIPTION_CHARS),
        ("CreateGatewayRequest" | "GatewayPatch", "labels") => labels(of == "GatewayPatch"),
        (_, "message" | "reason") if is_sent(of) => text(MAX_MESSAGE_CHARS),
        (_, "source") if is_sent(of) => json!({"maxLength": MAX_SOURCE_CHARS}),
        (_, "content") if is_sent(of) => json!({"maxLength": MAX_CONTENT_BYTES}),
        ("CreateTokenRequest" | "RotateTokenRequest", "expires_in_seconds") => {
            json!({"minimum": 1, "maximum": MAX_TOKEN_SECONDS})
        }
        ("RotateTokenRequest", "grace_seconds") => {
            json!({"minimum": 0, "maximum": MAX_GRACE_SECONDS})
        }
        ("BackupRequest", "keep") => json!({"minimum": 1, "maximum": MOST_KEPT}),
        ("RevertRequest", "version") => json!({"minimum": 1}),
        ("StatusReport", "lease_seconds") => json!({"minimum": 1, "maximum": 3600}),
        ("StatusReport", "binary" | "listen")
        | ("ProcessIdentity", "host" | "boot_id" | "pid_namespace") => {
            json!({"maxLength": MAX_TEXT_CHARS})
        }
        _ => json!({}),
    };
    match bounds {
        Value::Object(bounds) => bounds,
        _ => Map::new(),
    }
}

/// Whether callers send it, as opposed to what they get.
fn is_sent(of: &str) -> bool {
    [
        "CreateGatewayRequest",
        "PublishRequest",
        "ReloadRequest",
        "RevertRequest",
        "ReconcileRequest",
    ]
    .contains(&of)
}

fn text(most: usize) -> Value {
    json!({"maxLength": most, "pattern": PLAIN})
}

fn labels(removable: bool) -> Value {
    let kind = if removable {
        json!(["string", "null"])
    } else {
        json!("string")
    };
    json!({
        "maxProperties": MAX_LABELS,
        "propertyNames": {"type": "string", "pattern": NAME},
        "additionalProperties": {"type": kind, "maxLength": 255, "pattern": PLAIN},
    })
}

/// The store counts in 63 bits; smaller numbers have 32 and no sign, which the formats of OpenAPI
/// cannot say.
fn number(schema: &mut Value) {
    let most = match schema["format"].as_str() {
        Some("int64") => i64::MAX,
        Some("int32") => i64::from(u32::MAX),
        _ => return,
    };
    if let Some(members) = schema.as_object_mut() {
        members.entry("maximum").or_insert_with(|| most.into());
        if most == i64::from(u32::MAX) {
            members.remove("format");
        }
    }
}
