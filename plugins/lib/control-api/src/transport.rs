//! Sends requests to the control plane.

use crate::{Request, Response};

/// Sends requests. Blocks until there is a response, or an error.
pub trait Transport {
    /// Sends the request and returns the response, whatever its status.
    ///
    /// # Errors
    /// When there is no response; the kind tells whether the request may have taken effect.
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

/// A transport that calls a function.
#[derive(Debug, Clone, Copy)]
pub struct FnTransport<F>(pub F);

impl<F: Fn(&Request) -> Result<Response, TransportError>> Transport for FnTransport<F> {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        (self.0)(request)
    }
}

/// What is known about a request without a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportErrorKind {
    /// It was not sent: nothing changed.
    Unavailable,
    /// It was sent, and may have taken effect.
    UnknownEffect,
    /// The caller canceled it.
    Cancelled,
    /// It timed out before it was sent.
    Timeout,
    /// It cannot be sent with these settings.
    Settings,
    /// Anything else, such as an invalid response.
    Other,
}

/// The error of a request without a response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TransportError {
    /// What is known about the request.
    pub kind: TransportErrorKind,
    /// The message; never contains a secret.
    pub message: String,
    /// What to do about it, if known.
    pub hint: Option<String>,
}

impl TransportError {
    /// Creates an error.
    #[must_use]
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
        }
    }
}
