//! Running evaluations: short texts at once, long ones off the event loop, so that other
//! requests of the worker do not wait for them.

use crate::snapshot::Snapshot;
use kt_policy::chat::{EvaluatedDocument, RequestParts, evaluate_parts};
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

/// An evaluation of a document.
type Evaluate = fn(&Chain, &str) -> Result<EvaluatedDocument, JsonError>;

/// Runs a function of a document, a long one off the event loop; `None` if it panics.
pub(super) async fn off_loop<T: Send + 'static>(
    document: &str,
    function: impl FnOnce(&str) -> T + Send + 'static,
) -> Option<T> {
    if document.len() <= MAX_INLINE_BYTES {
        return catch_unwind(AssertUnwindSafe(|| function(document))).ok();
    }
    let document = document.to_owned();
    spawn_blocking(move || function(&document)).await.ok()
}

/// Evaluates a document; `None` if the evaluation panics.
pub(super) async fn run(
    snapshot: &Arc<Snapshot>,
    document: &str,
    evaluate: Evaluate,
) -> Option<Result<EvaluatedDocument, JsonError>> {
    if document.len() <= MAX_INLINE_BYTES {
        return catch_unwind(AssertUnwindSafe(|| evaluate(&snapshot.chain, document))).ok();
    }
    let (snapshot, document) = (Arc::clone(snapshot), document.to_owned());
    spawn_blocking(move || evaluate(&snapshot.chain, &document))
        .await
        .ok()
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
        let looked_up = || look_up(&snapshot.chain, document);
        let looked_up = catch_unwind(AssertUnwindSafe(looked_up)).ok()?;
        if looked_up.new_bytes() <= MAX_INLINE_BYTES {
            let evaluate = || evaluate_parts(&snapshot.chain, document, &looked_up);
            return catch_unwind(AssertUnwindSafe(evaluate)).ok();
        }
        parts = Some(looked_up);
    }
    let (snapshot, document) = (Arc::clone(snapshot), document.to_owned());
    let evaluate = move || {
        let parts = parts.unwrap_or_else(|| look_up(&snapshot.chain, &document));
        evaluate_parts(&snapshot.chain, &document, &parts)
    };
    spawn_blocking(evaluate).await.ok()
}
