//! One request to one upstream.

use super::connection_pool::ConnectionPool;
use super::decoder::Decoder;
use super::echo;
use super::response::{UpstreamBody, UpstreamResponse, is_event_stream};
use crate::request_id::{REQUEST_ID, RequestId};
use crate::snapshot::Upstream;
use crate::time_limit::timeout_at;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use kt_policy::{Chain, Direction, Trigger};
use serde_json::Value;
use std::pin::pin;
use std::time::Instant;

/// Headers of the caller that are forwarded.
const FORWARDED: [HeaderName; 4] = [
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    HeaderName::from_static("openai-organization"),
    HeaderName::from_static("openai-project"),
];

/// A request to be sent to an upstream.
pub(crate) struct OutboundRequest<'r> {
    /// Returns the parsed request, for `echo`.
    pub(crate) document: &'r dyn Fn() -> Value,
    /// Returns the body for an upstream.
    pub(crate) body: &'r dyn Fn(&Upstream) -> Bytes,
    /// The headers of the caller that are forwarded.
    pub(crate) headers: &'r HeaderMap,
    pub(crate) id: &'r RequestId,
}

impl OutboundRequest<'_> {
    /// Copies the headers of a caller that are forwarded: those in which a chain finds nothing.
    pub(crate) fn forwarded(headers: &HeaderMap, chain: &Chain) -> HeaderMap {
        let mut forwarded = HeaderMap::new();
        for name in FORWARDED {
            let value = headers.get(&name).map(HeaderValue::as_bytes);
            let Some((value, text)) = value.and_then(|v| Some((v, std::str::from_utf8(v).ok()?)))
            else {
                continue;
            };
            let is_trace = name == "traceparent" && is_trace(text);
            if !is_trace && chain.refusal(text, Direction::Request).is_some() {
                continue;
            }
            if let Ok(copy) = HeaderValue::from_bytes(value) {
                forwarded.insert(name, copy);
            }
        }
        forwarded
    }
}

/// Whether a text has the form of `traceparent` (W3C Trace Context, section 3.2): random digits.
fn is_trace(text: &str) -> bool {
    let is_digit = |byte: u8| byte == b'-' || matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.bytes().all(is_digit) && text.split('-').map(str::len).eq([2, 32, 16, 2])
}

/// Why an upstream did not respond.
#[derive(Debug)]
pub(crate) struct SendError {
    pub(crate) message: String,
    pub(crate) trigger: Trigger,
}

impl SendError {
    fn connection(message: String) -> Self {
        Self {
            message,
            trigger: Trigger::ServerError,
        }
    }

    /// Whether a timeout expired.
    pub(crate) fn timed_out(&self) -> bool {
        self.trigger == Trigger::Timeout
    }
}

/// Sends a request, and returns the response once its headers have arrived.
///
/// # Errors
/// When there is no response.
pub(super) async fn send(
    pool: &ConnectionPool,
    upstream: &Upstream,
    request: &OutboundRequest<'_>,
    started: Instant,
) -> Result<UpstreamResponse, SendError> {
    let Some(endpoint) = &upstream.endpoint else {
        return Ok(echo::respond(&(request.document)(), &request.id.text));
    };
    let timeouts = &upstream.timeouts;
    let mut http_request = Request::new((request.body)(upstream));
    *http_request.method_mut() = Method::POST;
    *http_request.headers_mut() = headers(upstream, request);
    let response = pin!(pool.send(endpoint, timeouts.connect, http_request));
    let (head, lease) = match timeout_at(started + timeouts.first_byte, response).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => return Err(SendError::connection(root_cause(error.as_ref()))),
        Err(_) => {
            return Err(SendError {
                message: format!("no response within {:?}", timeouts.first_byte),
                trigger: Trigger::Timeout,
            });
        }
    };
    let is_stream = is_event_stream(&head.headers);
    let decoder = Decoder::new(&head.headers).map_err(SendError::connection)?;
    Ok(UpstreamResponse {
        status: head.status,
        headers: head.headers,
        body: UpstreamBody::Incoming {
            lease: Some(lease),
            decoder,
            idle: if is_stream {
                Some(timeouts.stream_idle)
            } else {
                timeouts.idle
            },
            deadline: started + timeouts.total,
        },
    })
}

pub(super) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// The credential of the caller is for the gateway, and is not forwarded.
fn headers(upstream: &Upstream, request: &OutboundRequest<'_>) -> HeaderMap {
    let mut headers = upstream.headers.clone();
    headers.insert(REQUEST_ID, request.id.header.clone());
    for (name, value) in request.headers {
        if !headers.contains_key(name) {
            headers.insert(name.clone(), value.clone());
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::OutboundRequest;
    use http::HeaderMap;
    use kt_policy::{Limits, Source, compile, parse};

    #[test]
    fn headers_with_values_are_not_forwarded() {
        let text = "pack: {name: t, version: 1.0.0, enabled: true}\n\
            policies: {chain: [pii-detector]}\npolicy: {pii-detector: {}}\n";
        let document = parse(&[Source::new("test.yaml", text)]).unwrap();
        let chain = compile(&document, &Limits::default()).unwrap();
        let trace = "00-41111111111111114111111111111111-4111111111111111-01";
        for (name, value, is_forwarded) in [
            ("openai-organization", "org-1", true),
            ("openai-project", "bob@example.com", false),
            ("traceparent", trace, true),
            ("traceparent", "4111 1111 1111 1111", false),
            ("tracestate", "k=bob@example.com", false),
            ("authorization", "Bearer k", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            let forwarded = OutboundRequest::forwarded(&headers, &chain);
            assert_eq!(
                forwarded.contains_key(name),
                is_forwarded,
                "{name}: {value}"
            );
        }
    }
}
