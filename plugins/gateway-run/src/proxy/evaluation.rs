//! Running evaluations: short texts at once, long ones off the event loop, so that other
//! requests of the worker do not wait for them.

use crate::snapshot::Snapshot;
use kt_policy::Chain;
use kt_policy::chat::EvaluatedDocument;
use kt_policy::json::JsonError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// The longest document that is evaluated on the event loop; it takes well under a
/// millisecond.
const MAX_INLINE_BYTES: usize = 16 * 1024;

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
