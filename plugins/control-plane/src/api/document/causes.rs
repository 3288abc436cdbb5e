//! Why an operation may fail: what follows from what it takes, and what it says itself.

use std::collections::BTreeMap;

use kt_control_api::{Problem, ProblemCode};
use serde_json::{Map, Value, json};

use super::content::{Schemas, schema};
use crate::api::operation::{Access, Operation};

/// Describes every failure of an operation, by status.
pub(super) fn describe(operation: &Operation, schemas: &mut Schemas) -> Map<String, Value> {
    let problem = schema::<Problem>(schemas);
    let mut by_status: BTreeMap<u16, Vec<ProblemCode>> = BTreeMap::new();
    for slug in of(operation) {
        by_status.entry(slug.status()).or_default().push(slug);
    }
    let described = by_status.into_iter().map(|(status, slugs)| {
        let reasons: Vec<String> = slugs
            .iter()
            .map(|slug| format!("`{slug}`: {}.", slug.title()))
            .collect();
        let mut response = json!({
            "description": reasons.join(" "),
            "content": {Problem::MEDIA_TYPE: {"schema": problem}},
        });
        if matches!(status, 429 | 503) {
            response["headers"] = json!({"Retry-After": {
                "description": "Seconds to wait before asking again.",
                "required": status == 429,
                "schema": {"type": "integer", "minimum": 1},
            }});
        }
        (status.to_string(), response)
    });
    described.collect()
}

fn of(operation: &Operation) -> Vec<ProblemCode> {
    let mut slugs = vec![
        ProblemCode::MalformedRequest,
        ProblemCode::StorageBusy,
        ProblemCode::StorageFailed,
        ProblemCode::StorageTooNew,
        ProblemCode::Internal,
    ];
    let mut when = |holds: bool, more: &[ProblemCode]| {
        if holds {
            slugs.extend_from_slice(more);
        }
    };
    when(
        operation.access != Access::Open,
        &[ProblemCode::Unauthenticated, ProblemCode::RateLimited],
    );
    let known = matches!(operation.access, Access::Open | Access::Known);
    when(!known, &[ProblemCode::InsufficientScope]);
    when(operation.path.contains('{'), &[ProblemCode::NotFound]);
    when(operation.path.contains("{gateway}"), &[ProblemCode::Gone]);
    when(
        operation.body.is_some(),
        &[
            ProblemCode::ValidationFailed,
            ProblemCode::BodyTooLarge,
            ProblemCode::RequestTimeout,
            ProblemCode::UnsupportedMediaType,
        ],
    );
    when(operation.divisible, &[ProblemCode::RangeNotSatisfiable]);
    when(operation.conditional, &[ProblemCode::VersionConflict]);
    when(operation.once, &[ProblemCode::IdempotencyKeyReused]);
    when(true, operation.fails);
    slugs
}
