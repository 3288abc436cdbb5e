//! Sends a request, and parses the response or error.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{
    ApiError, ErrorClass, Etag, Method, Problem, Request, Response, Transport, TransportErrorKind,
    random_base32,
};

/// The status of a poll that timed out without a change.
pub(super) const NOT_MODIFIED: u16 = 304;

/// Typed calls over a [`Transport`].
#[derive(Debug, Clone)]
pub struct Client<T> {
    transport: T,
}

impl<T: Transport> Client<T> {
    /// Creates a client.
    pub fn new(transport: T) -> Self {
        Self { transport }
    }

    /// Returns the transport.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    pub(super) fn get<A: DeserializeOwned>(&self, request: &Request) -> Result<A, ApiError> {
        parse(&self.send(request)?, ErrorClass::Unavailable)
    }

    /// Posts with an idempotency key, so that a retry after a lost response has no further effect.
    pub(super) fn post<B: Serialize, A: DeserializeOwned>(
        &self,
        path: String,
        body: &B,
        if_match: Option<Etag>,
    ) -> Result<A, ApiError> {
        let request = with_body(Request::new(Method::Post, path), body, if_match)?
            .with_header("idempotency-key", random_base32(26));
        let response = match self.transport.send(&request) {
            Err(error) if error.kind == TransportErrorKind::UnknownEffect => {
                // Whatever the error of the retry, the first attempt may have taken effect.
                self.transport
                    .send(&request)
                    .map_err(|_| ApiError::from(error))?
            }
            other => other?,
        };
        parse(&checked(response)?, ErrorClass::UnknownEffect)
    }

    pub(super) fn change<B: Serialize, A: DeserializeOwned>(
        &self,
        request: Request,
        body: &B,
        if_match: Option<Etag>,
    ) -> Result<A, ApiError> {
        let response = self.send(&with_body(request, body, if_match)?)?;
        parse(&response, ErrorClass::UnknownEffect)
    }

    pub(super) fn send(&self, request: &Request) -> Result<Response, ApiError> {
        checked(self.transport.send(request)?)
    }
}

fn with_body<B: Serialize>(
    request: Request,
    body: &B,
    if_match: Option<Etag>,
) -> Result<Request, ApiError> {
    let json = serde_json::to_string(body).map_err(|error| {
        ApiError::without_problem(
            ErrorClass::Bug,
            0,
            format!("cannot serialize the request: {error}"),
        )
    })?;
    Ok(matching(request.with_json(json), if_match))
}

pub(super) fn matching(request: Request, if_match: Option<Etag>) -> Request {
    match if_match {
        Some(etag) => request.with_header("if-match", etag),
        None => request,
    }
}

/// Returns the response unless it is an error. A redirect is an error: control planes do not send
/// any.
fn checked(response: Response) -> Result<Response, ApiError> {
    if matches!(response.status, 200..=299 | NOT_MODIFIED) {
        return Ok(response);
    }
    let problem = response
        .body
        .as_deref()
        .and_then(|body| serde_json::from_str::<Problem>(body).ok())
        .filter(Problem::is_ours);
    let error = problem.map_or_else(|| ApiError::from_status(response.status), ApiError::from);
    Err(match response.retry_delay_seconds() {
        Some(seconds) => error.with_retry_after(seconds),
        None => error,
    })
}

/// Parses a response. One that cannot be parsed is not from a control plane, but, for example, a page
/// of an ingress; `otherwise` is the class of the error then.
pub(super) fn parse<A: DeserializeOwned>(
    response: &Response,
    otherwise: ErrorClass,
) -> Result<A, ApiError> {
    let body = response.body.as_deref().unwrap_or_default();
    serde_json::from_str(body).map_err(|error| {
        let detail = format!("the response of the control plane is invalid: {error}");
        ApiError::without_problem(otherwise, response.status, detail)
    })
}
