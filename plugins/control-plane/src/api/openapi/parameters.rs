//! Parameters of paths and headers.

use kt_control_api::ProblemCode;
use serde_json::{Value, json};

use crate::api::operation::{Operation, Parameter};
use crate::api::schema::{NAME_PATTERN, id_pattern};

/// Describes all parameters of an operation.
pub(super) fn describe(operation: &Operation) -> Vec<Value> {
    let mut all = path_parameters(operation.path);
    all.extend(operation.query.iter().map(Parameter::describe));
    if operation.conditional {
        let description = "The `ETag` that the gateway must still have.";
        let schema = json!({"type": "string", "pattern": "^\"[0-9]{1,18}\"$"});
        all.push(header("If-Match", description, schema));
    }
    if operation.cacheable {
        let description = "The `ETag`s of what the client has already.";
        let schema = json!({"type": "string", "pattern": "^[!-~ ]*$"});
        all.push(header("If-None-Match", description, schema));
    }
    if operation.compressible {
        let description = "With `gzip`, the response is compressed.";
        let schema = json!({"type": "string"});
        all.push(header("Accept-Encoding", description, schema));
    }
    if operation.idempotent {
        let description = "Makes it safe to repeat the request within 24 hours.";
        let schema = json!({"type": "string", "pattern": "^[!-~]{1,128}$"});
        all.push(header("Idempotency-Key", description, schema));
    }
    if operation.sends_events() {
        let description =
            "The `id` of the last event, which takes precedence over `epoch` and `index`.";
        let schema = json!({"type": "string", "pattern": r"^[!-~]*\.[0-9]{1,20}$"});
        all.push(header("Last-Event-ID", description, schema));
    }
    all
}

fn header(name: &str, description: &str, schema: Value) -> Value {
    json!({
        "name": name,
        "in": "header",
        "required": false,
        "description": description,
        "schema": schema,
    })
}

/// Describes the `{name}`s of a path template.
fn path_parameters(path: &str) -> Vec<Value> {
    let names = path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    names.map(path_parameter).collect()
}

fn path_parameter(name: &str) -> Value {
    let (description, schema) = match name {
        "gateway" => (
            "Id or unique name of the gateway.",
            json!({"type": "string", "pattern": NAME_PATTERN}),
        ),
        "code" => {
            let all: Vec<&str> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
            (
                "Code of the problem.",
                json!({"type": "string", "enum": all}),
            )
        }
        "token_id" => (
            "Id of the token.",
            json!({"type": "string", "pattern": id_pattern("tok_")}),
        ),
        _ => (
            "Number of the version.",
            json!({"type": "integer", "minimum": 1, "maximum": i64::MAX}),
        ),
    };
    json!({"name": name, "in": "path", "required": true, "description": description, "schema": schema})
}
