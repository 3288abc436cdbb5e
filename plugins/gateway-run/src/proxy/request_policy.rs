//! The request side of the policy chain.

use super::chat_request::ChatRequest;
use super::error_response::ErrorResponse;
use super::request_context::RequestContext;
use kt_policy::{Decision, chat};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Evaluates a request, and rewrites the texts that are redacted.
///
/// # Errors
/// When a policy blocks the request, or the evaluation fails under the fail mode
/// `block`.
pub(super) fn enforce(
    request: &mut ChatRequest,
    context: &mut RequestContext,
    fail_open: bool,
) -> Result<(), ErrorResponse> {
    let snapshot = std::sync::Arc::clone(&context.snapshot);
    if !snapshot.enforces() {
        return Ok(());
    }
    let evaluate = || chat::evaluate_request(&snapshot.chain, &request.value);
    let Ok(evaluated) = catch_unwind(AssertUnwindSafe(evaluate)) else {
        tracing::error!(request_id = %context.id, fail_open, "the evaluation of a request failed");
        return if fail_open {
            Ok(())
        } else {
            Err(ErrorResponse::evaluation_failed(snapshot.refusal_status))
        };
    };
    let evaluation = evaluated.evaluation();
    context.request_evaluated(&evaluation);
    match &evaluation.decision {
        Decision::Allow => {}
        Decision::Redact => {
            let mut value = request.value.clone();
            evaluated.rewrite(&mut value);
            request.update(value);
        }
        Decision::Block(block) => {
            return Err(ErrorResponse::blocked(block, snapshot.refusal_status));
        }
    }
    Ok(())
}
