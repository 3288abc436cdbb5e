//! The response to a chat request, whole or streamed.

use super::chat_request::ChatRequest;
use super::error_response::ErrorResponse;
use super::evaluation;
use super::guard_policy::{self, Judged, Timing};
use super::json_edit;
use super::json_text;
use super::request_context::RequestContext;
use super::response_filters::ResponseFilters;
use super::stream::{self, StreamedCompletion};
use super::text_field::without_logprobs;
use super::upstream_error;
use crate::response::ResponseBody;
use crate::state::InFlightGuard;
use crate::upstream::UpstreamResponse;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use kt_policy::chat::EvaluatedDocument;
use kt_policy::json::{JsonError, items, members};
use kt_policy::{Decision, Direction, chat};

/// Headers of an upstream that are returned to the caller.
const FORWARDED: [HeaderName; 2] = [
    CONTENT_TYPE,
    HeaderName::from_static("openai-processing-ms"),
];

/// A response that has been evaluated, or whose first event has.
pub(super) enum Completion {
    Whole {
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
    },
    Stream(Box<StreamedCompletion>),
}

/// Reads and evaluates the response of an upstream.
///
/// # Errors
/// When the upstream returned an error, or a policy blocks the response.
pub(super) async fn complete(
    response: UpstreamResponse,
    upstream: &str,
    request: &ChatRequest,
    context: &RequestContext,
) -> Result<Completion, ErrorResponse> {
    if response.is_event_stream() {
        // Boxed: its state would make the one of every request larger, which is copied.
        let stream = Box::pin(stream::begin(response.body, upstream, request, context)).await?;
        return Ok(Completion::Stream(Box::new(stream)));
    }
    let UpstreamResponse {
        status,
        headers,
        mut body,
    } = response;
    let body = body
        .collect(context.snapshot.max_response_bytes)
        .await
        .map_err(|error| ErrorResponse::upstream(error, false))?;
    let mut filters = ResponseFilters::new(&context.snapshot.chain);
    if !status.is_success() {
        return Err(upstream_error::from_response(
            upstream,
            status,
            &headers,
            &body,
            filters.as_mut(),
        ));
    }
    let body = evaluate(body, upstream, filters, request, context).await?;
    Ok(Completion::Whole {
        status,
        headers: forwarded(&headers),
        body,
    })
}

fn forwarded(from: &HeaderMap) -> HeaderMap {
    // With room for the id.
    let mut headers = HeaderMap::with_capacity(FORWARDED.len() + 1);
    for name in FORWARDED {
        if let Some(value) = from.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    headers
}

/// Evaluates a whole response. One that no policy changes is returned byte for byte.
async fn evaluate(
    body: Bytes,
    upstream: &str,
    mut filters: Option<ResponseFilters>,
    request: &ChatRequest,
    context: &RequestContext,
) -> Result<Bytes, ErrorResponse> {
    let chain = &context.snapshot.chain;
    let inspects = filters.is_some() || chain.has_guards(Direction::Response);
    let names = ["error", "choices", "usage"];
    let text = std::str::from_utf8(&body).ok();
    let found = text.and_then(|text| Some((text, members(text, names).ok()?)));
    let Some((text, [error, choices, usage])) = found else {
        return if inspects {
            let message = format!("the response of upstream `{upstream}` is not JSON");
            Err(ErrorResponse::upstream(message, false))
        } else {
            Ok(body)
        };
    };
    let error = error.and_then(|error| json_text::parse(error).ok());
    if choices.is_none() && error.is_some_and(|error| upstream_error::reports_error(&error)) {
        let document = json_text::parse(text).unwrap_or_default();
        return Err(upstream_error::from_document(
            upstream,
            &document,
            filters.as_mut(),
        ));
    }
    let (input, output) = usage.map_or((0, 0), stream::tokens);
    context.count_tokens(input, output);
    if !inspects {
        return Ok(body);
    }
    let original = text;
    let stripped = has_logprobs(choices)
        .then(|| strip_logprobs(text))
        .flatten();
    let text = stripped.as_deref().unwrap_or(text);
    let evaluated = evaluation::run_response(&context.snapshot, text).await;
    let evaluated = evaluated.ok_or_else(|| failed(context))?;
    let evaluated = evaluated.map_err(|error| ambiguous(&error, upstream, context))?;
    let mut evaluation = evaluated.evaluation.clone();
    let mut changed = match evaluation.decision {
        Decision::Redact => Some(evaluated.redact(text)),
        _ => None,
    };
    if !matches!(evaluation.decision, Decision::Block(_)) {
        let left = changed.as_deref().unwrap_or(text);
        if let Some(judged) = judge(left, upstream, context).await? {
            evaluation = guard_policy::combine(&evaluation, &judged.evaluation);
            if judged.evaluation.decision == Decision::Redact {
                changed = Some(judged.redact(left));
            }
        }
    }
    if let Decision::Block(block) = &evaluation.decision {
        context.response_evaluated(&evaluation, 0);
        return Err(ErrorResponse::blocked(
            block,
            context.snapshot.refusal_status,
        ));
    }
    let mut changed = changed.or(stripped);
    let mut restored = 0;
    if let Some(values) = &context.placeholder_values {
        let text = changed.as_deref().unwrap_or(original);
        let response = chat::restore_response(text, values, request.expects_json);
        let response = response.map_err(|error| ambiguous(&error, upstream, context))?;
        restored = response.count;
        if restored > 0 {
            changed = Some(response.document);
        }
    }
    context.response_evaluated(&evaluation, restored);
    Ok(changed.map_or(body, Bytes::from))
}

/// Has a response judged by the guards outside of the gateway; `None` if there are none.
async fn judge(
    text: &str,
    upstream: &str,
    context: &RequestContext,
) -> Result<Option<EvaluatedDocument>, ErrorResponse> {
    let direction = Direction::Response;
    match guard_policy::evaluate(text, direction, Timing::Before, context).await {
        Judged::No => Ok(None),
        Judged::Yes(judged) => Ok(Some(
            judged.map_err(|error| ambiguous(&error, upstream, context))?,
        )),
        Judged::Failed => Err(failed(context)),
    }
}

fn failed(context: &RequestContext) -> ErrorResponse {
    tracing::error!(request_id = %context.id, "the evaluation of a response failed");
    ErrorResponse::evaluation_failed(context.snapshot.refusal_status)
}

fn ambiguous(error: &JsonError, upstream: &str, context: &RequestContext) -> ErrorResponse {
    tracing::warn!(request_id = %context.id, upstream, "cannot evaluate the response: {error}");
    let message = format!("the response of upstream `{upstream}` is ambiguous JSON");
    ErrorResponse::upstream(message, false)
}

/// Returns a response without the log probabilities of its tokens, which repeat the text.
fn strip_logprobs(text: &str) -> Option<String> {
    let value = json_text::parse(text).ok()?;
    without_logprobs(&value).map(|stripped| json_edit::update(text, &value, &stripped))
}

fn has_logprobs(choices: Option<&str>) -> bool {
    let choices = choices.and_then(items).unwrap_or_default();
    choices.iter().any(|choice| {
        let logprobs = members(choice, ["logprobs"]).map(|[logprobs]| logprobs);
        logprobs.is_ok_and(|logprobs| logprobs.is_some_and(|value| value != "null"))
    })
}

impl Completion {
    /// Returns the response. The request counts as in flight until its body has ended.
    pub(super) fn into_response(
        self,
        mut context: RequestContext,
        in_flight: InFlightGuard,
    ) -> Response<ResponseBody> {
        match self {
            Self::Whole {
                status,
                headers,
                body,
            } => {
                context.end(status.as_u16());
                drop(in_flight);
                let mut response = Response::new(ResponseBody::Full(Some(body)));
                *response.status_mut() = status;
                *response.headers_mut() = headers;
                response
            }
            Self::Stream(stream) => {
                let output = stream.forward(context, in_flight);
                let mut response = Response::new(ResponseBody::Stream(output));
                let headers = response.headers_mut();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
                // Proxies must neither store nor buffer events.
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
                headers.insert(
                    HeaderName::from_static("x-accel-buffering"),
                    HeaderValue::from_static("no"),
                );
                response
            }
        }
    }
}
