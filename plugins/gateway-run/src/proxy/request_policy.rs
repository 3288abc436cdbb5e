//! The request side of the policy chain.

use super::chat_request::ChatRequest;
use super::error_response::ErrorResponse;
use super::evaluation;
use super::guard_policy::{self, Judged, Timing};
use super::request_context::RequestContext;
use kt_policy::chat::EvaluatedDocument;
use kt_policy::json::JsonError;
use kt_policy::{CallerScope, Decision, Direction, Evaluation, merge_findings};
use std::pin::pin;
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
/// Returns the evaluation, without the guards that judge while the upstream responds; nothing if
/// nothing is enforced. What is known from earlier requests of the caller is not evaluated again.
///
/// # Errors
/// When a policy blocks the request, the body is ambiguous, or the evaluation fails under the fail mode
/// `block`.
pub(super) async fn enforce(
    request: &mut ChatRequest,
    routed: Evaluation,
    caller: CallerScope,
    context: &mut RequestContext,
    fail_open: bool,
) -> Result<Option<Evaluation>, ErrorResponse> {
    let snapshot = Arc::clone(&context.snapshot);
    // An empty chain has nothing that two readings of a document could deceive.
    if !snapshot.enforces() || snapshot.chain.kinds().is_empty() {
        return Ok(None);
    }
    if let Decision::Block(block) = &routed.decision {
        context.request_evaluated(&routed);
        return Err(ErrorResponse::blocked(block, snapshot.refusal_status));
    }
    let evaluated = evaluation::run_request(&snapshot, request.text(), caller).await;
    let Some(evaluated) = evaluated else {
        tracing::error!(request_id = %context.id, fail_open, "the evaluation of a request failed");
        return if fail_open {
            Ok(None)
        } else {
            Err(ErrorResponse::evaluation_failed(snapshot.refusal_status))
        };
    };
    let mut evaluated = evaluated.map_err(|error| ambiguous(&error))?;
    merge_findings(&mut evaluated.evaluation.findings, &routed.findings);
    context.placeholder_values = evaluated.take_values();
    let evaluation = apply(evaluated, request)?;
    let evaluation = match evaluation.decision {
        Decision::Block(_) => evaluation,
        _ => judge(evaluation, request, context).await?,
    };
    if let Decision::Block(block) = &evaluation.decision {
        context.request_evaluated(&evaluation);
        return Err(ErrorResponse::blocked(block, snapshot.refusal_status));
    }
    Ok(Some(evaluation))
}

/// Has a request judged by the guards that judge while the upstream responds, which is `response`.
/// Returns the whole evaluation of the request, and the response unless the request is blocked
/// before there is one.
///
/// # Errors
/// When the evaluation fails.
pub(super) async fn judge_during<R>(
    request: &ChatRequest,
    evaluation: Evaluation,
    context: &RequestContext,
    response: impl Future<Output = R>,
) -> Result<(Evaluation, Option<R>), ErrorResponse> {
    let direction = Direction::Request;
    if !guard_policy::has_guards(context, direction, Timing::Parallel) {
        return Ok((evaluation, Some(response.await)));
    }
    let judged = guard_policy::evaluate(request.text(), direction, Timing::Parallel, context);
    let (mut judged, mut response) = (pin!(judged), pin!(response));
    let combined = |judged: Judged| match judged {
        Judged::No => Ok(evaluation.clone()),
        Judged::Yes(judged) => {
            let judged = judged.map_err(|error| ambiguous(&error))?;
            Ok(guard_policy::combine(&evaluation, &judged.evaluation))
        }
        Judged::Failed => Err(failed(context)),
    };
    tokio::select! {
        judged = &mut judged => {
            let evaluation = combined(judged)?;
            let response = match evaluation.decision {
                Decision::Block(_) => None,
                _ => Some(response.await),
            };
            Ok((evaluation, response))
        }
        response = &mut response => Ok((combined(judged.await)?, Some(response))),
    }
}

fn failed(context: &RequestContext) -> ErrorResponse {
    tracing::error!(request_id = %context.id, "the evaluation of a request failed");
    ErrorResponse::evaluation_failed(context.snapshot.refusal_status)
}

/// Has the request judged by the guards outside of the gateway, which see what the other policies
/// have left.
async fn judge(
    evaluation: Evaluation,
    request: &mut ChatRequest,
    context: &RequestContext,
) -> Result<Evaluation, ErrorResponse> {
    let direction = Direction::Request;
    let judged = guard_policy::evaluate(request.text(), direction, Timing::Before, context).await;
    match judged {
        Judged::No => Ok(evaluation),
        Judged::Yes(judged) => {
            let judged = judged.map_err(|error| ambiguous(&error))?;
            let judged = apply(judged, request)?;
            Ok(guard_policy::combine(&evaluation, &judged))
        }
        Judged::Failed => Err(failed(context)),
    }
}

/// Redacts a request as its evaluation says.
fn apply(
    evaluated: EvaluatedDocument,
    request: &mut ChatRequest,
) -> Result<Evaluation, ErrorResponse> {
    let evaluation = evaluated.evaluation.clone();
    if evaluation.decision == Decision::Redact {
        let redacted = evaluated.redact(request.text());
        request.update(redacted)?;
    }
    Ok(evaluation)
}
