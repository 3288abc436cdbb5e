//! Bounds of texts and numbers, which the types do not express.

use kt_control_api::{
    MAX_CONTENT_BYTES, MAX_DESCRIPTION_CHARS, MAX_GRACE_SECONDS, MAX_HALT_SECONDS,
    MAX_HALTED_GATEWAYS, MAX_LABELS, MAX_MESSAGE_CHARS, MAX_TOKEN_SECONDS,
};
use serde_json::{Map, Value, json};

use crate::api::limits::{MAX_KEPT_BACKUPS, MAX_REPORT_TEXT_CHARS, MAX_SOURCE_CHARS};

/// The pattern of names. Ids match it too.
pub(in crate::api) const NAME_PATTERN: &str = "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$";
/// The pattern of text without the control characters U+0000 to U+001F and U+007F to U+009F.
const TEXT_PATTERN: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";

/// Returns the pattern of ids with a prefix.
pub(in crate::api) fn id_pattern(prefix: &str) -> String {
    format!("^{prefix}[a-z2-7]{{16}}$")
}

/// Adds the bounds of a schema and its members.
pub(super) fn add_bounds(name: &str, schema: &mut Value) {
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
        for (key, value) in member_bounds(name, member) {
            schema[key] = value;
        }
        add_integer_bounds(schema);
    }
}

/// Returns the bounds of a member of a request.
fn member_bounds(schema: &str, member: &str) -> Map<String, Value> {
    let bounds = match (schema, member) {
        ("CreateGatewayRequest" | "GatewayPatch" | "CreateTokenRequest", "name") => {
            json!({"pattern": NAME_PATTERN})
        }
        ("CreateTokenRequest", "gateway") => json!({"pattern": NAME_PATTERN}),
        ("CreateGatewayRequest" | "GatewayPatch", "description") => text(MAX_DESCRIPTION_CHARS),
        ("CreateGatewayRequest" | "GatewayPatch", "labels") => labels(schema == "GatewayPatch"),
        ("HaltRequest" | "HaltGatewaysRequest", "reason") => {
            json!({"minLength": 1, "maxLength": MAX_MESSAGE_CHARS, "pattern": TEXT_PATTERN})
        }
        ("HaltRequest" | "HaltGatewaysRequest", "for_seconds") => {
            json!({"minimum": 1, "maximum": MAX_HALT_SECONDS})
        }
        ("HaltGatewaysRequest" | "UnhaltGatewaysRequest", "gateways") => {
            json!({"minItems": 1, "maxItems": MAX_HALTED_GATEWAYS})
        }
        (_, "message" | "reason") if is_request(schema) => text(MAX_MESSAGE_CHARS),
        (_, "source") if is_request(schema) => json!({"maxLength": MAX_SOURCE_CHARS}),
        (_, "content") if is_request(schema) => json!({"maxLength": MAX_CONTENT_BYTES}),
        ("CreateTokenRequest" | "RotateTokenRequest", "expires_in_seconds") => {
            json!({"minimum": 1, "maximum": MAX_TOKEN_SECONDS})
        }
        ("RotateTokenRequest", "grace_seconds") => {
            json!({"minimum": 0, "maximum": MAX_GRACE_SECONDS})
        }
        ("BackupRequest", "keep") => json!({"minimum": 1, "maximum": MAX_KEPT_BACKUPS}),
        ("RevertRequest", "version") => json!({"minimum": 1}),
        ("StatusReport", "lease_seconds") => json!({"minimum": 1, "maximum": 3600}),
        ("StatusReport", "binary" | "listen")
        | ("ProcessIdentity", "host" | "boot_id" | "pid_namespace") => {
            json!({"maxLength": MAX_REPORT_TEXT_CHARS})
        }
        _ => json!({}),
    };
    match bounds {
        Value::Object(bounds) => bounds,
        _ => Map::new(),
    }
}

/// Returns whether a schema is that of a request.
fn is_request(schema: &str) -> bool {
    [
        "CreateGatewayRequest",
        "PublishRequest",
        "ReloadRequest",
        "RevertRequest",
        "ReconcileRequest",
        "UnhaltGatewaysRequest",
        "UnhaltRequest",
    ]
    .contains(&schema)
}

fn text(max_length: usize) -> Value {
    json!({"maxLength": max_length, "pattern": TEXT_PATTERN})
}

fn labels(nullable: bool) -> Value {
    let kind = if nullable {
        json!(["string", "null"])
    } else {
        json!("string")
    };
    json!({
        "maxProperties": MAX_LABELS,
        "propertyNames": {"type": "string", "pattern": NAME_PATTERN},
        "additionalProperties": {"type": kind, "maxLength": 255, "pattern": TEXT_PATTERN},
    })
}

/// Adds the largest value: the store counts in 63 bits, and 32-bit numbers are unsigned, which the
/// formats of OpenAPI cannot express.
fn add_integer_bounds(schema: &mut Value) {
    let maximum = match schema["format"].as_str() {
        Some("int64") => i64::MAX,
        Some("int32") => i64::from(u32::MAX),
        _ => return,
    };
    if let Some(members) = schema.as_object_mut() {
        members.entry("maximum").or_insert_with(|| maximum.into());
        if maximum == i64::from(u32::MAX) {
            members.remove("format");
        }
    }
}

#[cfg(test)]
mod tests {
    use kt_control_api::{
        CreateGatewayRequest, CreateTokenRequest, GatewayPatch, HaltGatewaysRequest, HaltRequest,
        PublishRequest, ReconcileRequest, ReloadRequest, RevertRequest, RotateTokenRequest,
        UnhaltGatewaysRequest, UnhaltRequest,
    };
    use serde_json::Value;
    use utoipa::ToSchema;

    use crate::api::schema::{Schemas, schema};

    fn bound<T: ToSchema>(member: &str, bound: &str) -> Value {
        let mut schemas = Schemas::new();
        schema::<T>(&mut schemas);
        schemas[T::name().as_ref()]["properties"][member][bound].clone()
    }

    /// The bounds refer to types by name, so a renamed type would lose them.
    #[test]
    fn every_request_type_has_its_bounds() {
        for bound in [
            bound::<CreateGatewayRequest>("name", "pattern"),
            bound::<CreateGatewayRequest>("description", "maxLength"),
            bound::<CreateGatewayRequest>("labels", "maxProperties"),
            bound::<CreateGatewayRequest>("message", "maxLength"),
            bound::<GatewayPatch>("name", "pattern"),
            bound::<GatewayPatch>("description", "maxLength"),
            bound::<GatewayPatch>("labels", "maxProperties"),
            bound::<PublishRequest>("content", "maxLength"),
            bound::<ReloadRequest>("content", "maxLength"),
            bound::<RevertRequest>("version", "minimum"),
            bound::<RevertRequest>("reason", "maxLength"),
            bound::<ReconcileRequest>("reason", "maxLength"),
            bound::<HaltRequest>("reason", "minLength"),
            bound::<HaltRequest>("for_seconds", "maximum"),
            bound::<UnhaltRequest>("reason", "maxLength"),
            bound::<HaltGatewaysRequest>("reason", "minLength"),
            bound::<HaltGatewaysRequest>("gateways", "maxItems"),
            bound::<UnhaltGatewaysRequest>("gateways", "minItems"),
            bound::<UnhaltGatewaysRequest>("reason", "pattern"),
            bound::<CreateTokenRequest>("name", "pattern"),
            bound::<RotateTokenRequest>("grace_seconds", "maximum"),
        ] {
            assert!(!bound.is_null());
        }
    }
}
