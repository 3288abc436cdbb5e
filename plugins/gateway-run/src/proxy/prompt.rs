//! The request side of the chain: a request is judged, refused or rewritten, and
//! written down.

use super::error_response::ErrorResponse;
use super::request_context::RequestContext;
use kt_policy::{Decision, chat};
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Judges a request and rewrites what is to be redacted.
///
/// # Errors
/// The refusal, when a policy blocks it, or the evaluation fails under the fail
/// mode `block`.
pub(crate) fn inspect(
    request: &mut Value,
    request_context: &RequestContext,
    fail_open: bool,
) -> Result<(), ErrorResponse> {
    if !request_context.snapshot.enforces() {
        return Ok(());
    }
    let chain = &request_context.snapshot.chain;
    let Ok(judged) = catch_unwind(AssertUnwindSafe(|| chat::evaluate_request(chain, request)))
    else {
        tracing::error!(request_id = %request_context.id, fail_open, "the evaluation of a request failed");
        return if fail_open {
            Ok(())
        } else {
            Err(ErrorResponse::undecided())
        };
    };
    let whole = judged.evaluation();
    request_context.judged(&whole, "input");
    if let Decision::Block(block) = &whole.decision {
        return Err(ErrorResponse::blocked(block));
    }
    judged.rewrite(request);
    Ok(())
}
