//! Running evaluations: short texts at once, long ones off the event loop, so that other
//! requests of the worker do not wait for them.

use crate::snapshot::Snapshot;
use kt_policy::chat::{EvaluatedDocument, RequestParts, evaluate_parts, evaluate_response};
use kt_policy::json::JsonError;
use kt_policy::{CallerScope, Chain};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// The longest document that is evaluated on the event loop; it takes well under a
/// millisecond.
const MAX_INLINE_BYTES: usize = 16 * 1024;
/// The longest request whose parts are looked up on the event loop, which takes a few
/// microseconds for each 16 KiB.
const MAX_LOOKED_UP_BYTES: usize = 128 * 1024;

/// Runs a function of a document, a long one off the event loop; `None` if it panics.
pub(super) async fn off_loop<T: Send + 'static>(
    document: &str,
    function: impl FnOnce(&str) -> T + Send + 'static,
) -> Option<T> {
    run(document.len(), document, function).await
}

/// Evaluates a response; `None` if the evaluation panics.
pub(super) async fn run_response(
    snapshot: &Arc<Snapshot>,
    document: &str,
) -> Option<Result<EvaluatedDocument, JsonError>> {
    let snapshot = Arc::clone(snapshot);
    off_loop(document, move |document| {
        evaluate_response(&snapshot.chain, document)
    })
    .await
}

/// Evaluates a request, without the parts that are known from earlier requests of the caller;
/// `None` if the evaluation panics.
pub(super) async fn run_request(
    snapshot: &Arc<Snapshot>,
    document: &str,
    caller: CallerScope,
) -> Option<Result<EvaluatedDocument, JsonError>> {
    let look_up = move |chain: &Chain, document: &str| RequestParts::of(chain, document, caller);
    let mut parts = None;
    if document.len() <= MAX_LOOKED_UP_BYTES {
        parts = Some(inline(document, |document| {
            look_up(&snapshot.chain, document)
        })?);
    }
    let bytes = parts
        .as_ref()
        .map_or(document.len(), RequestParts::new_bytes);
    let snapshot = Arc::clone(snapshot);
    run(bytes, document, move |document| {
        let parts = parts.unwrap_or_else(|| look_up(&snapshot.chain, document));
        evaluate_parts(&snapshot.chain, document, &parts)
    })
    .await
}

/// Runs a function that reads so many bytes of a document.
async fn run<T: Send + 'static>(
    bytes: usize,
    document: &str,
    function: impl FnOnce(&str) -> T + Send + 'static,
) -> Option<T> {
    if bytes <= MAX_INLINE_BYTES {
        return inline(document, function);
    }
    let document = document.to_owned();
    spawn_blocking(move || function(&document)).await.ok()
}

fn inline<T>(document: &str, function: impl FnOnce(&str) -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(|| function(document))).ok()
}
