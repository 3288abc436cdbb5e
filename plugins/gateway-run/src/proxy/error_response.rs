//! Error responses in the form of the OpenAI API:
//! `{"error": {message, type, param, code}}`.
//!
//! Client libraries choose the exception class by status and `type`, and decide by
//! status, `x-should-retry` and `retry-after` whether they send the request again.

use crate::response::{ResponseBody, json_response};
use http::header::{CONNECTION, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use kt_control_api::Halt;
use kt_policy::{Block, PolicyKind};
use serde_json::{Value, json};
use std::ops::{Deref, DerefMut};

/// The `type` of errors that the same request meets again.
const INVALID_REQUEST: &str = "invalid_request_error";
/// The `type` of errors of an upstream.
const UPSTREAM_ERROR: &str = "upstream_error";

/// An error, before it becomes a response or an event of a stream.
///
/// Boxed, because it is the error of functions that rarely fail.
#[derive(Debug)]
pub(super) struct ErrorResponse(Box<ErrorFields>);

/// The fields of an [`ErrorResponse`].
#[derive(Debug)]
pub(super) struct ErrorFields {
    pub(super) status: StatusCode,
    kind: String,
    code: Value,
    message: String,
    param: Option<&'static str>,
    /// The policy that blocked the request, and its reason code.
    blocked_by: Option<(PolicyKind, &'static str)>,
    headers: HeaderMap,
}

impl Deref for ErrorResponse {
    type Target = ErrorFields;

    fn deref(&self) -> &ErrorFields {
        &self.0
    }
}

impl DerefMut for ErrorResponse {
    fn deref_mut(&mut self) -> &mut ErrorFields {
        &mut self.0
    }
}

impl ErrorResponse {
    fn new(status: StatusCode, kind: &str, code: &str, message: impl Into<String>) -> Self {
        Self(Box::new(ErrorFields {
            status,
            kind: kind.to_owned(),
            code: code.into(),
            message: message.into(),
            param: None,
            blocked_by: None,
            headers: HeaderMap::new(),
        }))
    }

    /// Returns the code; `unknown` if the upstream sent none.
    pub(super) fn code(&self) -> &str {
        self.0.code.as_str().unwrap_or("unknown")
    }

    fn invalid(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self::new(status, INVALID_REQUEST, code, message)
    }

    fn param(mut self, param: &'static str) -> Self {
        self.param = Some(param);
        self
    }

    /// Tells clients not to send the request again; those of OpenAI's family obey
    /// this before they look at the status.
    fn no_retry(mut self) -> Self {
        self.headers.insert(
            HeaderName::from_static("x-should-retry"),
            HeaderValue::from_static("false"),
        );
        self
    }

    /// 422: the request is malformed.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::invalid(
            StatusCode::UNPROCESSABLE_ENTITY,
            "malformed_request",
            message,
        )
    }

    /// 422: `param` is missing or malformed.
    pub(super) fn malformed_param(param: &'static str, message: impl Into<String>) -> Self {
        Self::malformed(message).param(param)
    }

    /// 413: the request exceeds the size limit.
    pub(super) fn too_large(limit: usize) -> Self {
        let message = format!("the request is larger than {limit} bytes");
        let mut error = Self::invalid(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message);
        // What could not be drained must not be taken for the next request.
        error
            .headers
            .insert(CONNECTION, HeaderValue::from_static("close"));
        error.no_retry()
    }

    /// 404: not a path of this gateway.
    pub(super) fn unknown_path(served: &str) -> Self {
        let message = format!("this path is not served; available are {served}");
        Self::invalid(StatusCode::NOT_FOUND, "unknown_path", message)
    }

    /// 405: not a method of this path.
    pub(super) fn method_not_allowed(allowed: &'static str) -> Self {
        let message = format!("this path allows only the method {allowed}");
        let mut error = Self::invalid(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            message,
        );
        error
            .headers
            .insert(http::header::ALLOW, HeaderValue::from_static(allowed));
        error
    }

    /// 404: no target serves the model.
    pub(super) fn model_not_found(model: &str) -> Self {
        let message =
            format!("the model `{model}` does not exist; `GET /v1/models` lists the models");
        Self::invalid(StatusCode::NOT_FOUND, "model_not_found", message).param("model")
    }

    /// 415: neither JSON nor a supported content encoding.
    pub(super) fn unsupported(message: impl Into<String>) -> Self {
        Self::invalid(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            message,
        )
    }

    /// 403: a request that only a web page sends.
    pub(super) fn foreign_origin(message: &str) -> Self {
        Self::invalid(StatusCode::FORBIDDEN, "foreign_request", message)
    }

    /// A policy blocks the request or the response.
    pub(super) fn blocked(block: &Block, status: StatusCode) -> Self {
        let mut error = Self::invalid(status, "policy_violation", block.message.clone());
        error.blocked_by = Some((block.policy, block.reason));
        error.no_retry()
    }

    /// The evaluation failed, and the fail mode is `block`.
    pub(super) fn evaluation_failed(status: StatusCode) -> Self {
        let message = "the request could not be evaluated, and the fail mode is `block`";
        Self::invalid(status, "evaluation_failed", message).no_retry()
    }

    /// 502 or 504: the upstream failed.
    pub(super) fn upstream(message: impl Into<String>, timed_out: bool) -> Self {
        let status = if timed_out {
            StatusCode::GATEWAY_TIMEOUT
        } else {
            StatusCode::BAD_GATEWAY
        };
        Self::new(status, UPSTREAM_ERROR, "upstream_error", message)
    }

    /// The upstream refused the credential of the gateway. Clients must not send the
    /// request again.
    pub(super) fn upstream_credential(upstream: &str, status: StatusCode) -> Self {
        let (status, kind) = match status {
            StatusCode::UNAUTHORIZED => (status, "authentication_error"),
            StatusCode::FORBIDDEN => (status, "permission_error"),
            _ => (StatusCode::BAD_GATEWAY, UPSTREAM_ERROR),
        };
        let message = format!("upstream `{upstream}` refused the credential of the gateway");
        Self::new(status, kind, "upstream_credential", message).no_retry()
    }

    /// The upstream returned an error: 4xx keep their status, 5xx become 502 to 504.
    pub(super) fn upstream_status(
        status: StatusCode,
        kind: Option<Value>,
        code: Option<Value>,
        message: String,
    ) -> Self {
        let (status, default) = match status.as_u16() {
            429 => (status, "rate_limit_error"),
            400..=499 => (status, INVALID_REQUEST),
            503 | 529 => (StatusCode::SERVICE_UNAVAILABLE, UPSTREAM_ERROR),
            504 => (StatusCode::GATEWAY_TIMEOUT, UPSTREAM_ERROR),
            _ => (StatusCode::BAD_GATEWAY, UPSTREAM_ERROR),
        };
        // The type of a server error tells clients whether to retry, and is the
        // gateway's.
        let kind = kind.filter(|_| status.is_client_error());
        let kind = kind.as_ref().and_then(Value::as_str).unwrap_or(default);
        let mut error = Self::new(status, kind, default, message);
        if let Some(code) = code {
            error.code = code;
        }
        error
    }

    /// Takes over the headers of an upstream that control retries.
    pub(super) fn retry_headers(mut self, headers: &HeaderMap) -> Self {
        for name in ["retry-after", "retry-after-ms", "x-should-retry"] {
            let name = HeaderName::from_static(name);
            if let Some(value) = headers.get(&name)
                && !self.headers.contains_key(&name)
            {
                self.headers.insert(name, value.clone());
            }
        }
        self
    }

    /// 503: no upstream is available, or the concurrency limit is reached.
    pub(super) fn unavailable(code: &str, message: &str) -> Self {
        let mut error = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            UPSTREAM_ERROR,
            code,
            message,
        );
        error.headers.insert(RETRY_AFTER, HeaderValue::from(1));
        error
    }

    /// 503: the gateway is halted. Clients must not send the request again: a halt lasts.
    pub(super) fn halted(halt: &Halt) -> Self {
        let end = halt.until.map(|until| format!(" until {until}"));
        let message = format!(
            "the gateway is halted{}: {}",
            end.unwrap_or_default(),
            halt.reason
        );
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "service_unavailable_error",
            "gateway_halted",
            message,
        )
        .no_retry()
    }

    fn body(&self) -> Value {
        let mut error = json!({
            "message": self.message,
            "type": self.kind,
            "param": self.param,
            "code": self.code,
        });
        if let (Some((policy, reason)), Some(map)) = (self.blocked_by, error.as_object_mut()) {
            map.insert("policy".to_owned(), json!(policy));
            map.insert("reason".to_owned(), json!(reason));
        }
        json!({ "error": error })
    }

    /// Returns the error as the last event of a stream.
    pub(super) fn event(&self) -> String {
        format!("data: {}\n\n", self.body())
    }

    pub(super) fn into_response(self) -> Response<ResponseBody> {
        let mut response = json_response(self.status, &self.body());
        response.headers_mut().extend(self.0.headers);
        response
    }
}
