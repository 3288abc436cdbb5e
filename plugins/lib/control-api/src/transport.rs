//! What carries a request to the control plane and the response back.

use crate::{Request, Response};

/// Carries requests. Blocks until there is a response or it is known that there will be none.
pub trait Transport {
    /// Sends the request and returns the response, whatever its status.
    ///
    /// # Errors
    /// Says what is known of the request's fate.
    fn send(&self, request: &Request) -> Result<Response, TransportError>;
}

impl<T: Transport + ?Sized> Transport for &T {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        (**self).send(request)
    }
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        (**self).send(request)
    }
}

/// A transport that is a function.
#[derive(Debug, Clone, Copy)]
pub struct FnTransport<F>(pub F);

impl<F: Fn(&Request) -> Result<Response, TransportError>> Transport for FnTransport<F> {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        (self.0)(request)
    }
}

/// What is known of a request that got no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportErrorKind {
    /// It was not sent: nothing changed.
    Unavailable,
    /// It was sent, and whether it took effect is not known.
    UnknownEffect,
    /// The caller gave up.
    Cancelled,
    /// Time ran out before it was sent.
    Timeout,
    /// It cannot be sent with these settings.
    Settings,
    /// Anything else, such as an answer that is none.
    Other,
}

/// Says why there is no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TransportError {
    /// What is known of the request's fate.
    pub kind: TransportErrorKind,
    /// The cause for people; never contains a secret.
    pub message: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
}

impl TransportError {
    /// Makes an error.
    #[must_use]
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
        }
    }
}
