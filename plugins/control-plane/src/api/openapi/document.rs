//! The whole document.

use kt_control_api::{Method, ProblemCode};
use serde_json::{Map, Value, json};

use super::{errors, parameters};
use crate::api::operation::{Access, Operation};
use crate::api::schema::Schemas;

const DESCRIPTION: &str = "Registers AI gateways, stores the versions of their configurations, and \
    delivers them to the processes that serve them. Every error is a problem document (RFC 9457) \
    whose `code` identifies the cause; `type` is `/problems/` and that code.";

/// Returns the OpenAPI document of the operations.
pub(in crate::api) fn document(operations: &[Operation]) -> Value {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    for operation in operations {
        let item = paths
            .entry(operation.path)
            .or_insert_with(|| Value::Object(Map::new()));
        item[method(operation.method)] = describe(operation, &mut schemas);
    }
    describe_codes(&mut schemas);
    schemas.sort_keys();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "kt control plane",
            "description": DESCRIPTION,
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
                    "description": "A token from `kt token create`.",
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
    for (status, content) in operation.responses {
        let mut response = json!({"description": status_description(*status)});
        if let Some(content) = content.describe(schemas) {
            response["content"] = content;
        }
        if operation.compressible {
            response["headers"] = content_headers(*status);
        }
        if operation.can_wait() {
            response["headers"] = retry_after();
        }
        responses.insert(status.to_string(), response);
    }
    responses.extend(errors::describe(operation, schemas));
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "description": access_description(operation.access),
        "security": security(operation.access),
        "parameters": parameters::describe(operation),
        "responses": responses,
    });
    if let Some(body) = operation.body.and_then(|body| body.describe(schemas)) {
        described["requestBody"] = json!({"content": body, "required": !operation.body_optional});
    }
    described
}

/// Describes the headers of a response that may be compressed.
fn content_headers(status: u16) -> Value {
    let header =
        |description: &str| json!({"description": description, "schema": {"type": "string"}});
    let mut headers = json!({
        "ETag": header("Identifies the content; weak when the response is compressed."),
        "Vary": header("`Accept-Encoding`."),
    });
    if status == 200 {
        headers["Content-Encoding"] = header("`gzip` when the response is compressed.");
    }
    headers
}

/// Describes the header with which a server that shuts down ends long polls.
fn retry_after() -> Value {
    json!({"Retry-After": {
        "description": "When the server shuts down: the seconds after which to repeat the request, \
            which differ from client to client.",
        "schema": {"type": "integer", "minimum": 0},
    }})
}

fn security(access: Access) -> Value {
    match access {
        Access::Public => json!([]),
        Access::LoopbackPublic => json!([{}, {"token": []}]),
        _ => json!([{"token": []}]),
    }
}

fn access_description(access: Access) -> &'static str {
    match access {
        Access::Public => "Requires no token.",
        Access::LoopbackPublic => {
            "Requires no token at a loopback address without TLS, and otherwise a token with scope \
             `admin` or `read`."
        }
        Access::Authenticated => "Requires a token of any scope.",
        Access::Read => "Requires a token with scope `admin` or `read`.",
        Access::ReadGateway => {
            "Requires a token with scope `admin` or `read`, or the token of the gateway."
        }
        Access::WriteGateway => "Requires a token with scope `admin`, or the token of the gateway.",
        Access::Register => {
            "Requires a token with scope `admin`, or one with scope `bootstrap`, which the request \
             consumes."
        }
        Access::Admin => "Requires a token with scope `admin`.",
    }
}

fn status_description(status: u16) -> &'static str {
    match status {
        201 => "Created.",
        204 => "Deleted.",
        304 => "Not modified.",
        _ => "OK.",
    }
}

/// Lists the problem codes as they are on the wire, with their status and title.
fn describe_codes(schemas: &mut Schemas) {
    let lines = ProblemCode::ALL
        .iter()
        .map(|code| format!("- `{code}` ({}): {}", code.status(), code.title()));
    let text = lines.collect::<Vec<_>>().join("\n");
    if let Some(schema) = schemas.get_mut("ProblemCode") {
        let words: Vec<&str> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
        schema["enum"] = words.into();
        schema["description"] = format!("The cause of a failed request.\n\n{text}").into();
    }
}
