//! The whole description.

use kt_control_api::{Method, ProblemCode};
use serde_json::{Map, Value, json};

use super::content::Schemas;
use super::{causes, divisible, parameter};
use crate::api::operation::{Access, Operation};
use crate::api::operations::OPERATIONS;

const ABOUT: &str = "Registers AI gateways, keeps the versions of their configurations, and \
    brings them to the processes that serve them. Every failure is a problem document (RFC 9457) \
    whose `code` names its one cause; `type` is `/problems/` and that code.";

/// Describes the API.
pub(in crate::api) fn document() -> Value {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    for operation in OPERATIONS {
        let item = paths
            .entry(operation.path)
            .or_insert_with(|| Value::Object(Map::new()));
        item[method(operation.method)] = describe(operation, &mut schemas);
    }
    describe_causes(&mut schemas);
    schemas.sort_keys();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "kt control plane",
            "description": ABOUT,
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of `kt token create`.",
                },
            },
        },
    })
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "get",
        Method::Post => "post",
        Method::Put => "put",
        Method::Patch => "patch",
        Method::Delete => "delete",
    }
}

fn describe(operation: &Operation, schemas: &mut Schemas) -> Value {
    let mut responses = Map::new();
    for (status, content) in operation.answers {
        let mut response = json!({"description": meaning(*status)});
        if let Some(content) = content.describe(schemas) {
            response["content"] = content;
        }
        if operation.divisible {
            response["headers"] = divisible::headers(*status);
        }
        if operation.waits() {
            response["headers"] = come_back();
        }
        responses.insert(status.to_string(), response);
    }
    responses.extend(causes::describe(operation, schemas));
    if operation.divisible {
        responses["416"]["headers"] = divisible::headers(416);
    }
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "description": who(operation.access),
        "security": security(operation.access),
        "parameters": parameters(operation),
        "responses": responses,
    });
    if let Some(body) = operation.body.and_then(|body| body.describe(schemas)) {
        described["requestBody"] = json!({"content": body, "required": !operation.optional});
    }
    described
}

/// What those are told who wait at a server that ends.
fn come_back() -> Value {
    json!({"Retry-After": {
        "description": "When the server ends: the seconds after which to ask again, which differ \
            for each who waited.",
        "schema": {"type": "integer", "minimum": 0},
    }})
}

fn security(access: Access) -> Value {
    match access {
        Access::Open => json!([]),
        Access::Near => json!([{}, {"token": []}]),
        _ => json!([{"token": []}]),
    }
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let mut all = parameter::of_path(operation.path);
    all.extend(operation.query.iter().map(super::Parameter::describe));
    let header = |name: &str, about: &str, schema: Value| json!({"name": name, "in": "header", "required": false, "description": about, "schema": schema});
    if operation.conditional {
        let about = "The `ETag` that the gateway must still have.";
        let schema = json!({"type": "string", "pattern": "^\"[0-9]{1,18}\"$"});
        all.push(header("If-Match", about, schema));
    }
    if operation.cached {
        let about = "`ETag`s of what the caller has already.";
        let schema = json!({"type": "string", "pattern": "^[!-~ ]*$"});
        all.push(header("If-None-Match", about, schema));
    }
    if operation.divisible {
        for (name, about) in divisible::ASKED {
            all.push(header(name, about, json!({"type": "string"})));
        }
    }
    if operation.once {
        let about = "Makes a repetition of the same request harmless, for 24 hours.";
        let schema = json!({"type": "string", "pattern": "^[!-~]{1,128}$"});
        all.push(header("Idempotency-Key", about, schema));
    }
    if operation.has_events() {
        let about = "The `id` of the last event; it counts instead of `epoch` and `index`.";
        let schema = json!({"type": "string", "pattern": r"^[!-~]*\.[0-9]{1,20}$"});
        all.push(header("Last-Event-ID", about, schema));
    }
    all
}

fn who(access: Access) -> &'static str {
    match access {
        Access::Open => "Needs no token.",
        Access::Near => {
            "Needs no token at a loopback address without TLS, and one of scope `admin` or `read` \
             otherwise."
        }
        Access::Known => "Needs any token.",
        Access::Read => "Needs a token of scope `admin` or `read`.",
        Access::See => "Needs a token of scope `admin` or `read`, or that of the gateway.",
        Access::Act => "Needs a token of scope `admin`, or that of the gateway.",
        Access::Register => {
            "Needs a token of scope `admin`, or one of scope `bootstrap`, which ends with it."
        }
        Access::Admin => "Needs a token of scope `admin`.",
    }
}

fn meaning(status: u16) -> &'static str {
    match status {
        201 => "Made.",
        204 => "Done.",
        206 => "The part that was asked for.",
        304 => "Nothing is new.",
        _ => "The answer.",
    }
}

/// Lists the codes as they stand on the wire, and says of each what it stands for.
fn describe_causes(schemas: &mut Schemas) {
    let lines = ProblemCode::ALL
        .iter()
        .map(|slug| format!("- `{slug}` ({}): {}", slug.status(), slug.title()));
    let text = lines.collect::<Vec<_>>().join("\n");
    if let Some(slug) = schemas.get_mut("ProblemCode") {
        let words: Vec<&str> = ProblemCode::ALL.iter().map(|slug| slug.as_str()).collect();
        slug["enum"] = words.into();
        slug["description"] = format!("The cause of a failed request.\n\n{text}").into();
    }
}
