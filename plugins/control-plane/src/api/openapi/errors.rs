//! Errors of operations: those that follow from the definition, and those that it lists.

use std::collections::BTreeMap;

use kt_control_api::{Problem, ProblemCode};
use serde_json::{Map, Value, json};

use crate::api::operation::{Access, Operation};
use crate::api::schema::{Schemas, schema};

/// Describes the errors of an operation, by status.
pub(super) fn describe(operation: &Operation, schemas: &mut Schemas) -> Map<String, Value> {
    let problem = schema::<Problem>(schemas);
    let mut by_status: BTreeMap<u16, Vec<ProblemCode>> = BTreeMap::new();
    for code in codes(operation) {
        by_status.entry(code.status()).or_default().push(code);
    }
    let described = by_status.into_iter().map(|(status, codes)| {
        let descriptions: Vec<String> = codes
            .iter()
            .map(|code| format!("`{code}`: {}.", code.title()))
            .collect();
        let mut response = json!({
            "description": descriptions.join(" "),
            "content": {Problem::MEDIA_TYPE: {"schema": problem}},
        });
        if matches!(status, 429 | 503) {
            response["headers"] = json!({"Retry-After": {
                "description": "Seconds to wait before repeating the request.",
                "required": status == 429,
                "schema": {"type": "integer", "minimum": 1},
            }});
        }
        (status.to_string(), response)
    });
    described.collect()
}

fn codes(operation: &Operation) -> Vec<ProblemCode> {
    let mut codes = vec![
        ProblemCode::MalformedRequest,
        ProblemCode::StorageBusy,
        ProblemCode::StorageFailed,
        ProblemCode::StorageTooNew,
        ProblemCode::Internal,
    ];
    let mut add_if = |condition: bool, more: &[ProblemCode]| {
        if condition {
            codes.extend_from_slice(more);
        }
    };
    add_if(
        operation.access != Access::Public,
        &[ProblemCode::Unauthenticated, ProblemCode::RateLimited],
    );
    let any_scope = matches!(operation.access, Access::Public | Access::Authenticated);
    add_if(!any_scope, &[ProblemCode::InsufficientScope]);
    add_if(operation.path.contains('{'), &[ProblemCode::NotFound]);
    add_if(operation.path.contains("{gateway}"), &[ProblemCode::Gone]);
    add_if(
        operation.body.is_some(),
        &[
            ProblemCode::ValidationFailed,
            ProblemCode::BodyTooLarge,
            ProblemCode::RequestTimeout,
            ProblemCode::UnsupportedMediaType,
        ],
    );
    add_if(operation.conditional, &[ProblemCode::VersionConflict]);
    add_if(operation.idempotent, &[ProblemCode::IdempotencyKeyReused]);
    add_if(true, operation.errors);
    codes
}
