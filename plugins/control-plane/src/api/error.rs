//! Converts errors to problem documents (RFC 9457).

use kt_control_api::{LimitError, Problem, ProblemCode, ProblemItem, Timestamp};

use crate::store::StoreError;

/// The error of a request. Boxed, because errors are rare and large.
pub(crate) type ApiError = Box<Problem>;

/// Returns the error with this code.
pub(super) fn api_error(code: ProblemCode, detail: impl Into<String>) -> ApiError {
    Box::new(Problem::new(code, detail))
}

/// Converts an error of the store.
pub(super) fn from_store(error: StoreError, now: Timestamp) -> ApiError {
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
        StoreError::TooManyInstances(_) => Problem::new(ProblemCode::TooManyInstances, detail),
        StoreError::NoConfiguration(_) => Problem::new(ProblemCode::NoConfiguration, detail),
        StoreError::TokenInactive(_) => Problem::new(ProblemCode::TokenInactive, detail),
        StoreError::IdempotencyKeyReused => Problem::new(ProblemCode::IdempotencyKeyReused, detail),
        StoreError::Busy(_) => Problem::new(ProblemCode::StorageBusy, detail),
        StoreError::UnsupportedSchema { .. } => Problem::new(ProblemCode::StorageTooNew, detail),
        StoreError::Unusable(_)
        | StoreError::Failed(_)
        | StoreError::Corrupt(_)
        // Errors of export and import, which are not requests.
        | StoreError::AlreadyExists(_)
        | StoreError::InvalidExport { .. } => Problem::new(ProblemCode::StorageFailed, detail),
    })
}

/// Returns the error for input that was parsed but is not valid.
pub(super) fn validation_failed(errors: Vec<ProblemItem>) -> ApiError {
    let detail = match errors.as_slice() {
        [only] => only.message.clone(),
        several => format!("{} errors", several.len()),
    };
    Box::new(Problem::new(ProblemCode::ValidationFailed, detail).with_errors(errors))
}

/// Returns the item for a value that is out of bounds.
pub(super) fn out_of_bounds(pointer: &str, error: &LimitError) -> ProblemItem {
    ProblemItem::at(pointer, "out-of-bounds", error)
}
