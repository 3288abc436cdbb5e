//! Why an operation may fail: what follows from what it takes, and what it says itself.

use std::collections::BTreeMap;

use kt_control_api::{Problem, Slug};
use serde_json::{Map, Value, json};

use super::content::{Schemas, schema};
use crate::api::operation::{Access, Operation};

/// Describes every failure of an operation, by status.
pub(super) fn describe(operation: &Operation, schemas: &mut Schemas) -> Map<String, Value> {
    let problem = schema::<Problem>(schemas);
    let mut by_status: BTreeMap<u16, Vec<Slug>> = BTreeMap::new();
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

fn of(operation: &Operation) -> Vec<Slug> {
    let mut slugs = vec![
        Slug::MalformedRequest,
        Slug::StorageBusy,
        Slug::StorageFailed,
        Slug::StorageTooNew,
        Slug::Internal,
    ];
    let mut when = |holds: bool, more: &[Slug]| {
        if holds {
            slugs.extend_from_slice(more);
        }
    };
    when(
        operation.access != Access::Open,
        &[Slug::Unauthenticated, Slug::RateLimited],
    );
    let known = matches!(operation.access, Access::Open | Access::Known);
    when(!known, &[Slug::InsufficientScope]);
    when(operation.path.contains('{'), &[Slug::NotFound]);
    when(operation.path.contains("{gateway}"), &[Slug::Gone]);
    when(
        operation.body.is_some(),
        &[
            Slug::ValidationFailed,
            Slug::BodyTooLarge,
            Slug::RequestTimeout,
            Slug::UnsupportedMediaType,
        ],
    );
    when(operation.divisible, &[Slug::RangeNotSatisfiable]);
    when(operation.conditional, &[Slug::VersionConflict]);
    when(operation.once, &[Slug::IdempotencyKeyReused]);
    when(true, operation.fails);
    slugs
}
