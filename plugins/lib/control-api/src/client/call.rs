//! One call: send, read, sort failures.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{
    ApiError, Class, Etag, Method, Problem, Request, Response, Transport, TransportErrorKind,
    random_base32,
};

/// Typed calls over a [`Transport`].
#[derive(Debug, Clone)]
pub struct Client<T> {
    transport: T,
}

impl<T: Transport> Client<T> {
    /// Makes a client.
    pub fn new(transport: T) -> Self {
        Self { transport }
    }

    /// Returns the transport.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    pub(super) fn get<A: DeserializeOwned>(&self, request: &Request) -> Result<A, ApiError> {
        read(&self.send(request)?)
    }

    /// Posts with a key, so that a second attempt after a lost answer changes nothing twice.
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
                // Whatever goes wrong now, the first attempt may have taken effect.
                self.transport
                    .send(&request)
                    .map_err(|_| ApiError::from(error))?
            }
            other => other?,
        };
        read(&checked(response)?)
    }

    pub(super) fn change<B: Serialize, A: DeserializeOwned>(
        &self,
        request: Request,
        body: &B,
        if_match: Option<Etag>,
    ) -> Result<A, ApiError> {
        read(&self.send(&with_body(request, body, if_match)?)?)
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
    let json = serde_json::to_string(body)
        .map_err(|error| ApiError::bare(Class::Bug, 0, format!("cannot write JSON: {error}")))?;
    Ok(matching(request.with_json(json), if_match))
}

pub(super) fn matching(request: Request, if_match: Option<Etag>) -> Request {
    match if_match {
        Some(etag) => request.with_header("if-match", etag),
        None => request,
    }
}

/// Passes a response that is no failure.
fn checked(response: Response) -> Result<Response, ApiError> {
    if response.status < 400 {
        return Ok(response);
    }
    let problem = response
        .body
        .as_deref()
        .and_then(|body| serde_json::from_str::<Problem>(body).ok());
    Err(problem.map_or_else(|| ApiError::from_status(response.status), ApiError::from))
}

pub(super) fn read<A: DeserializeOwned>(response: &Response) -> Result<A, ApiError> {
    let body = response.body.as_deref().unwrap_or_default();
    serde_json::from_str(body).map_err(|error| {
        let detail = format!("the control plane's answer cannot be read: {error}");
        ApiError::bare(Class::Incompatible, response.status, detail)
    })
}
