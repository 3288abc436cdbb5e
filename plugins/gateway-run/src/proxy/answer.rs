//! What goes back to the caller.

use super::error_response::ErrorResponse;
use super::request_context::RequestContext;
use super::stream;
use crate::response::ResponseBody;
use crate::state::InFlightGuard;
use crate::upstream::UpstreamResponse;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use kt_policy::chat::{ResponseFilters, filter_response};
use serde_json::Value;

/// Headers of an upstream's answer that the caller sees.
const PASSED: [&str; 3] = ["content-type", "retry-after", "openai-processing-ms"];

/// An answer that was judged, or will be as it arrives.
pub(crate) enum ChatResponse {
    /// Judged as a whole.
    Whole {
        status: StatusCode,
        headers: HeaderMap,
        body: Vec<u8>,
    },
    /// Server-sent events.
    Stream(UpstreamResponse),
}

impl ChatResponse {
    /// Collects and judges an answer that is no stream. An upstream's error is
    /// passed on with its status.
    ///
    /// # Errors
    /// The refusal, when a policy blocks it or the upstream breaks off.
    pub(crate) async fn whole(
        mut reply: UpstreamResponse,
        request_context: &RequestContext,
    ) -> Result<Self, ErrorResponse> {
        let limit = request_context.snapshot.max_response_bytes;
        let body = reply
            .body
            .collect(limit)
            .await
            .map_err(|why| ErrorResponse::upstream(why, false))?;
        let headers = passed(&reply.headers);
        let status = match reply.status {
            // The gateway's credential is wrong, not the caller's.
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(ErrorResponse::upstream(
                    "the upstream refused the gateway's credential",
                    false,
                ));
            }
            status if status.is_server_error() => {
                return Err(ErrorResponse::upstream(
                    format!("the upstream answered {status}"),
                    false,
                ));
            }
            status => status,
        };
        let body = judge(body, request_context)?;
        Ok(Self::Whole {
            status,
            headers,
            body,
        })
    }

    /// The response; the request counts as served until its body has ended.
    pub(crate) fn respond(
        self,
        request_context: RequestContext,
        admitted: InFlightGuard,
    ) -> Response<ResponseBody> {
        match self {
            Self::Whole {
                status,
                headers,
                body,
            } => {
                request_context.end(status.as_u16());
                drop(admitted);
                let mut response = Response::new(ResponseBody::Full(Some(Bytes::from(body))));
                *response.status_mut() = status;
                *response.headers_mut() = headers;
                response
            }
            Self::Stream(reply) => {
                let mut response = Response::new(ResponseBody::Stream(stream::start(
                    reply.body,
                    request_context,
                    admitted,
                )));
                let headers = response.headers_mut();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
                // Proxies on the way must neither store nor hold events.
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

fn passed(from: &HeaderMap) -> HeaderMap {
    let mut to = HeaderMap::new();
    for name in PASSED {
        if let (Ok(name), Some(value)) = (HeaderName::from_bytes(name.as_bytes()), from.get(name)) {
            to.insert(name, value.clone());
        }
    }
    to.remove(CONTENT_LENGTH);
    to
}

/// Judges a whole answer. Bytes that no policy changed are passed on as they
/// came, with every field that the upstream chose to send.
fn judge(body: Vec<u8>, request_context: &RequestContext) -> Result<Vec<u8>, ErrorResponse> {
    let filters = ResponseFilters::new(&request_context.snapshot.chain);
    let Ok(mut value) = serde_json::from_slice::<Value>(&body) else {
        return match filters {
            // What cannot be read cannot be judged.
            Some(_) => Err(ErrorResponse::upstream(
                "the upstream's answer is not JSON",
                false,
            )),
            None => Ok(body),
        };
    };
    let tokens = |key: &str| value.pointer(key).and_then(Value::as_u64).unwrap_or(0);
    request_context.tokens(
        tokens("/usage/prompt_tokens"),
        tokens("/usage/completion_tokens"),
    );
    let Some(mut filters) = filters else {
        return Ok(body);
    };
    let changed = filter_response(&mut value, &mut filters).map_err(|block| {
        request_context.judged(&filters.evaluation(Some(&block)), "output");
        ErrorResponse::blocked(&block)
    })?;
    request_context.judged(&filters.evaluation(None), "output");
    Ok(if changed {
        value.to_string().into_bytes()
    } else {
        body
    })
}
