//! A failed call, sorted by what the caller can do about it.

use crate::{
    Gateway, GatewayId, Problem, ProblemCode, ProblemItem, TransportError, TransportErrorKind,
};

/// What kind of failure it is. Each has one exit code in the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The settings of kt lead nowhere.
    Settings,
    /// The input is at fault; nothing was changed.
    Usage,
    /// A token is missing or not enough.
    Unauthorized,
    /// No such thing.
    NotFound,
    /// Exists already, or changed meanwhile.
    Conflict,
    /// Not reachable or not able to serve; nothing was changed.
    Unavailable,
    /// Sent, but without an answer.
    UnknownEffect,
    /// Made by another version than this one can deal with.
    Incompatible,
    /// The caller gave up.
    Interrupted,
    /// A bug in kt.
    Bug,
}

impl ErrorClass {
    /// Returns the name of the class, which is that of the plugin API's class.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Settings => "settings",
            Self::Unauthorized => "unauthorized",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::Unavailable => "unavailable",
            Self::UnknownEffect => "unknown-effect",
            Self::Incompatible => "plugin",
            Self::Interrupted => "interrupted",
            Self::Bug => "internal",
        }
    }
}

/// A failed call.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{detail}")]
pub struct ApiError {
    /// What kind of failure it is.
    pub class: ErrorClass,
    /// HTTP_PROVIDER status; 0 when there was no response.
    pub status: u16,
    /// The cause; `None` when there was no response or it was no problem document.
    pub code: Option<ProblemCode>,
    /// What happened, for people.
    pub detail: String,
    /// Every reason, where there are several.
    pub errors: Vec<ProblemItem>,
    /// The gateway as it is, after a conflict.
    pub current: Option<Box<Gateway>>,
    /// The gateway that has the name already.
    pub existing_id: Option<GatewayId>,
    /// Id of the request, to be found in the server's log.
    pub request_id: Option<Box<str>>,
    /// What to do about it, where that is known.
    pub hint: Option<Box<str>>,
    /// In how many seconds to ask again, where the control plane said so; 18 hours stand for more.
    pub retry_after: Option<u16>,
}

impl ApiError {
    /// Returns the name of the cause: the slug, or the class when there is none.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.code
            .map_or_else(|| self.class.name(), ProblemCode::as_str)
    }

    pub(crate) fn bare(class: ErrorClass, status: u16, detail: impl Into<String>) -> Self {
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

    /// The same, with what the control plane asks for.
    pub(crate) fn asking_to_wait(self, seconds: u32) -> Self {
        Self {
            hint: Some(format!("the control plane asks to wait {seconds} s").into()),
            retry_after: Some(u16::try_from(seconds).unwrap_or(u16::MAX)),
            ..self
        }
    }

    /// An answer that no control plane gives: whatever stands before it, such as
    /// an ingress, speaks for one that is away, and its status says nothing.
    pub(crate) fn from_status(status: u16) -> Self {
        let detail =
            format!("status {status} came without an explanation of the control plane's own");
        Self {
            hint: Some("check that `api.url` leads to a control plane that runs".into()),
            ..Self::bare(ErrorClass::Unavailable, status, detail)
        }
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        // A cause that this version does not know is no reason to give up.
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
            ..Self::bare(class, 0, error.message)
        }
    }
}
