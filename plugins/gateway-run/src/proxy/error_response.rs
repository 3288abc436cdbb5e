//! Answers that are errors: `{"error": {type, message, policy, code}}`.

use crate::response::{ResponseBody, json_response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, Response, StatusCode};
use kt_policy::Block;
use serde_json::{Value, json};

/// A refusal, before it becomes a response.
pub(crate) struct ErrorResponse {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
    retry_after: Option<u32>,
}

impl ErrorResponse {
    fn new(status: StatusCode, kind: &str, code: &str, message: impl Into<String>) -> Self {
        let message: String = message.into();
        let body = json!({ "error": { "type": kind, "message": message, "code": code } });
        Self {
            status,
            body,
            retry_after: None,
        }
    }

    /// 422: the request is not what it should be.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "validation_error",
            "malformed_request",
            message,
        )
    }

    /// 413: the request is larger than the configuration allows.
    pub(crate) fn too_large(limit: usize) -> Self {
        let message = format!("the request is larger than {limit} bytes");
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "validation_error",
            "body_too_large",
            message,
        )
    }

    /// 404 or 405: not a path or method of this gateway.
    pub(crate) fn unknown(status: StatusCode) -> Self {
        let message = match status {
            StatusCode::METHOD_NOT_ALLOWED => "this path does not take that method",
            _ => "this gateway does not serve that path",
        };
        Self::new(status, "validation_error", "unknown_path", message)
    }

    /// 415 or 403: what a web page would send.
    pub(crate) fn foreign(status: StatusCode, message: &str) -> Self {
        Self::new(status, "validation_error", "foreign_request", message)
    }

    /// 409: a policy blocks it.
    pub(crate) fn blocked(block: &Block) -> Self {
        let mut refusal = Self::new(
            StatusCode::CONFLICT,
            "policy_violation",
            block.code,
            block.message.clone(),
        );
        if let Some(error) = refusal
            .body
            .pointer_mut("/error")
            .and_then(Value::as_object_mut)
        {
            error.insert("policy".to_owned(), json!(block.policy));
            error.insert("reason".to_owned(), json!(block.reason));
        }
        refusal
    }

    /// 409: the evaluation itself failed, and the fail mode is `block`.
    pub(crate) fn undecided() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "policy_violation",
            "evaluation_failed",
            "the request could not be evaluated, and the fail mode is `block`",
        )
    }

    /// 502 or 504: the upstream failed.
    pub(crate) fn upstream(message: impl Into<String>, timed_out: bool) -> Self {
        let status = if timed_out {
            StatusCode::GATEWAY_TIMEOUT
        } else {
            StatusCode::BAD_GATEWAY
        };
        Self::new(status, "upstream_error", "upstream_error", message)
    }

    /// 503: no upstream can take requests, or there is no room for another.
    pub(crate) fn unavailable(code: &str, message: &str) -> Self {
        let mut refusal = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "upstream_error",
            code,
            message,
        );
        refusal.retry_after = Some(1);
        refusal
    }

    /// The error as a server-sent event.
    pub(crate) fn event(&self) -> String {
        format!("data: {}\n\n", self.body)
    }

    pub(crate) fn respond(self) -> Response<ResponseBody> {
        let mut response = json_response(self.status, &self.body);
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
