//! Work that blocks a thread.

use kt_control_api::{Problem, ProblemCode};

use crate::api::ApiError;

/// Runs work that may wait for the disk on another thread than the event loop.
pub(super) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "request failed by a panic");
        internal_error()
    })
}

/// Returns the error for a panic, which was logged where it was caught.
pub(super) fn internal_error() -> ApiError {
    Box::new(Problem::new(
        ProblemCode::Internal,
        "the request failed because of a bug in kt",
    ))
}
