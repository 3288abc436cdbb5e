//! The error of a call.

use crate::{
    ErrorClass, Gateway, GatewayId, Problem, ProblemCode, ProblemItem, TransportError,
    TransportErrorKind,
};

/// The error of a call.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{detail}")]
pub struct ApiError {
    /// What the caller can do about it.
    pub class: ErrorClass,
    /// HTTP status; 0 when there was no response.
    pub status: u16,
    /// The cause; `None` without a response, or when the response was not a problem document.
    pub code: Option<ProblemCode>,
    /// What happened, for display.
    pub detail: String,
    /// The errors, when there are several.
    pub errors: Vec<ProblemItem>,
    /// The current gateway, after a conflict.
    pub current: Option<Box<Gateway>>,
    /// The gateway that has the name.
    pub existing_id: Option<GatewayId>,
    /// Id of the request, which the log of the server has.
    pub request_id: Option<Box<str>>,
    /// What to do about it, if known.
    pub hint: Option<Box<str>>,
    /// The seconds of `Retry-After`, if the control plane sent it; at most 18 hours.
    pub retry_after: Option<u16>,
}

impl ApiError {
    /// Returns the id of the error: the problem code, or the class when there is none.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.code
            .map_or_else(|| self.class.name(), ProblemCode::as_str)
    }

    /// Returns the error for an object that does not exist any more.
    #[must_use]
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::without_problem(ErrorClass::NotFound, 404, detail)
    }

    pub(crate) fn without_problem(
        class: ErrorClass,
        status: u16,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            class,
            status,
            code: None,
            detail: detail.into(),
            errors: Vec::new(),
            current: None,
            existing_id: None,
            request_id: None,
            hint: None,
            retry_after: None,
        }
    }

    /// Adds what `Retry-After` requests.
    pub(crate) fn with_retry_after(self, seconds: u32) -> Self {
        Self {
            hint: Some(format!("the control plane requests a retry after {seconds} s").into()),
            retry_after: Some(u16::try_from(seconds).unwrap_or(u16::MAX)),
            ..self
        }
    }

    /// Builds the error for a response that no control plane sent: a proxy in front of an unavailable
    /// one, such as an ingress, whose status says nothing about the request.
    pub(crate) fn from_status(status: u16) -> Self {
        let detail = format!("status {status} without a problem document of the control plane");
        Self {
            hint: Some("check that `api.url` is the address of a running control plane".into()),
            ..Self::without_problem(ErrorClass::Unavailable, status, detail)
        }
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        // A code that this version does not know may be temporary.
        let class = problem.code.class().unwrap_or(ErrorClass::Unavailable);
        Self {
            class,
            status: problem.status,
            code: Some(problem.code),
            detail: problem.detail,
            errors: problem.errors,
            current: problem.current,
            existing_id: problem.existing_id,
            request_id: problem.instance.map(String::into_boxed_str),
            hint: None,
            retry_after: None,
        }
    }
}

impl From<TransportError> for ApiError {
    fn from(error: TransportError) -> Self {
        let class = match error.kind {
            TransportErrorKind::Unavailable
            | TransportErrorKind::Timeout
            | TransportErrorKind::Other => ErrorClass::Unavailable,
            TransportErrorKind::Settings => ErrorClass::Settings,
            TransportErrorKind::UnknownEffect => ErrorClass::UnknownEffect,
            TransportErrorKind::Cancelled => ErrorClass::Interrupted,
        };
        Self {
            hint: error.hint.map(String::into_boxed_str),
            ..Self::without_problem(class, 0, error.message)
        }
    }
}
