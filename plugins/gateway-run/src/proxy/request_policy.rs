//! The request side of the policy chain.

use super::chat_request::ChatRequest;
use super::error_response::ErrorResponse;
use super::evaluation;
use super::request_context::RequestContext;
use kt_policy::json::JsonError;
use kt_policy::{Decision, Evaluation, chat, merge_findings};
use std::sync::Arc;

/// Converts the error of a document that two parsers could read differently. A key is
/// not quoted: it may be what a policy protects.
fn ambiguous(error: &JsonError) -> ErrorResponse {
    ErrorResponse::malformed(match error {
        JsonError::DuplicateKey { offset, .. } => {
            format!(
                "the request body is ambiguous: a key occurs twice in one object, at byte {offset}"
            )
        }
        error => format!("the request body is not valid JSON: {error}"),
    })
}

/// Evaluates a request whose route is evaluated already, and rewrites the texts that are redacted.
///
/// # Errors
/// When a policy blocks the request, the body is ambiguous, or the evaluation fails under the fail mode
/// `block`.
pub(super) async fn enforce(
    request: &mut ChatRequest,
    routed: Evaluation,
    context: &mut RequestContext,
    fail_open: bool,
) -> Result<(), ErrorResponse> {
    let snapshot = Arc::clone(&context.snapshot);
    // An empty chain has nothing that two readings of a document could deceive.
    if !snapshot.enforces() || snapshot.chain.kinds().is_empty() {
        return Ok(());
    }
    if let Decision::Block(block) = &routed.decision {
        context.request_evaluated(&routed);
        return Err(ErrorResponse::blocked(block, snapshot.refusal_status));
    }
    let evaluated = evaluation::run(&snapshot, request.text(), chat::evaluate_request).await;
    let Some(evaluated) = evaluated else {
        tracing::error!(request_id = %context.id, fail_open, "the evaluation of a request failed");
        return if fail_open {
            Ok(())
        } else {
            Err(ErrorResponse::evaluation_failed(snapshot.refusal_status))
        };
    };
    let mut evaluated = evaluated.map_err(|error| ambiguous(&error))?;
    merge_findings(&mut evaluated.evaluation.findings, &routed.findings);
    context.request_evaluated(&evaluated.evaluation);
    match &evaluated.evaluation.decision {
        Decision::Allow => {}
        Decision::Redact => {
            let redacted = evaluated.redact(request.text());
            request.update(redacted)?;
        }
        Decision::Block(block) => {
            return Err(ErrorResponse::blocked(block, snapshot.refusal_status));
        }
    }
    Ok(())
}
