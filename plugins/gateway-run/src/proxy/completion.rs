//! The response to a chat request, whole or streamed.

use super::chat_request::ChatRequest;
use super::error_response::ErrorResponse;
use super::evaluation;
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
use kt_policy::{Decision, chat};
use serde_json::Value;

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
        let stream = stream::begin(response.body, upstream, request, context).await?;
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
    let body = evaluate(body, upstream, filters, context).await?;
    Ok(Completion::Whole {
        status,
        headers: forwarded(&headers),
        body,
    })
}

fn forwarded(from: &HeaderMap) -> HeaderMap {
    FORWARDED
        .iter()
        .filter_map(|name| Some((name.clone(), from.get(name)?.clone())))
        .collect()
}

/// Evaluates a whole response. One that no policy changes is returned byte for byte.
async fn evaluate(
    body: Vec<u8>,
    upstream: &str,
    filters: Option<ResponseFilters>,
    context: &RequestContext,
) -> Result<Bytes, ErrorResponse> {
    let text = std::str::from_utf8(&body).ok();
    let parsed = text.and_then(|text| Some((text, json_text::parse(text).ok()?)));
    let (Some((text, value)), mut filters) = (parsed, filters) else {
        let inspects = context.snapshot.chain.inspects_responses();
        return if inspects {
            let message = format!("the response of upstream `{upstream}` is not JSON");
            Err(ErrorResponse::upstream(message, false))
        } else {
            Ok(Bytes::from(body))
        };
    };
    if upstream_error::is_error(&value) && value.get("choices").is_none() {
        return Err(upstream_error::from_document(
            upstream,
            &value,
            filters.as_mut(),
        ));
    }
    let tokens = |pointer| value.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
    context.count_tokens(
        tokens("/usage/prompt_tokens"),
        tokens("/usage/completion_tokens"),
    );
    if filters.is_none() {
        return Ok(Bytes::from(body));
    }
    let stripped = without_logprobs(&value).map(|s| json_edit::update(text, &value, &s));
    let text = stripped.as_deref().unwrap_or(text);
    let evaluated = evaluation::run(&context.snapshot, text, chat::evaluate_response).await;
    let Some(evaluated) = evaluated else {
        tracing::error!(request_id = %context.id, "the evaluation of a response failed");
        return Err(ErrorResponse::evaluation_failed(
            context.snapshot.refusal_status,
        ));
    };
    let evaluated = evaluated.map_err(|error| {
        tracing::warn!(request_id = %context.id, upstream, "cannot evaluate the response: {error}");
        let message = format!("the response of upstream `{upstream}` is ambiguous JSON");
        ErrorResponse::upstream(message, false)
    })?;
    context.response_evaluated(&evaluated.evaluation);
    match &evaluated.evaluation.decision {
        Decision::Block(block) => Err(ErrorResponse::blocked(
            block,
            context.snapshot.refusal_status,
        )),
        Decision::Redact => Ok(Bytes::from(evaluated.redact(text))),
        Decision::Allow => Ok(Bytes::from(stripped.map_or(body, String::into_bytes))),
    }
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
