//! Turning failures into problem documents and those into responses.

use kt_control_api::{LimitError, Problem, ProblemCode, ProblemItem, Response, Timestamp};

use super::respond::json_of;
use crate::store::StoreError;

/// What a handler fails with. Boxed, because failures are rare and large.
pub(super) type Refusal = Box<Problem>;

/// Describes a cause.
pub(super) fn refuse(slug: ProblemCode, detail: impl Into<String>) -> Refusal {
    Box::new(Problem::new(slug, detail))
}

/// Describes a failure of the store.
pub(super) fn of_store(error: StoreError, now: Timestamp) -> Refusal {
    let detail = error.to_string();
    Box::new(match error {
        StoreError::NotFound(_) => Problem::new(ProblemCode::NotFound, detail),
        StoreError::Gone(_) => Problem::new(ProblemCode::Gone, detail),
        StoreError::NameTaken { id, .. } => Problem {
            existing_id: Some(id),
            ..Problem::new(ProblemCode::NameTaken, detail)
        },
        StoreError::RevisionMismatch { current, .. } => {
            Problem::new(ProblemCode::VersionConflict, detail).with_current(current.view(now))
        }
        StoreError::ContentPruned { .. } => Problem::new(ProblemCode::ContentPruned, detail),
        StoreError::NoConfiguration(_) => Problem::new(ProblemCode::NoConfiguration, detail),
        StoreError::TokenInactive(_) => Problem::new(ProblemCode::TokenInactive, detail),
        StoreError::IdempotencyKeyReused => Problem::new(ProblemCode::IdempotencyKeyReused, detail),
        StoreError::Busy(_) => Problem::new(ProblemCode::StorageBusy, detail),
        StoreError::UnsupportedSchema { .. } => Problem::new(ProblemCode::StorageTooNew, detail),
        StoreError::Unusable(_)
        | StoreError::Failed(_)
        | StoreError::Corrupt(_)
        // These two come of moving a store, which is no request.
        | StoreError::AlreadyExists(_)
        | StoreError::InvalidExport { .. } => Problem::new(ProblemCode::StorageFailed, detail),
    })
}

/// Describes input that is understood but not acceptable.
pub(super) fn invalid(errors: Vec<ProblemItem>) -> Refusal {
    let detail = match errors.as_slice() {
        [only] => only.message.clone(),
        several => format!("{} errors", several.len()),
    };
    Box::new(Problem::new(ProblemCode::ValidationFailed, detail).with_errors(errors))
}

/// Describes one value that is out of bounds.
pub(super) fn out_of_bounds(pointer: &str, error: &LimitError) -> ProblemItem {
    ProblemItem::at(pointer, "out-of-bounds", error)
}

/// Makes the response that carries a problem document.
#[must_use]
pub fn problem_response(mut problem: Problem, request_id: &str) -> Response {
    problem.instance = Some(request_id.to_owned());
    let mut response = json_of(problem.status, &problem);
    response
        .headers
        .insert("content-type".to_owned(), Problem::MEDIA_TYPE.to_owned());
    if matches!(
        problem.code,
        ProblemCode::StorageBusy | ProblemCode::RateLimited | ProblemCode::Draining
    ) {
        let seconds = problem.retry_after.unwrap_or(1).to_string();
        response.headers.insert("retry-after".to_owned(), seconds);
    }
    response
}
