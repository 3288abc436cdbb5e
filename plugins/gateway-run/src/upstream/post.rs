//! Requests to services that are no upstreams, over the same connections.

use super::connection_pool::ConnectionPool;
use super::send::root_cause;
use crate::snapshot::{Credential, Endpoint};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode};
use std::time::Duration;

/// Posts JSON, and returns the status and the body of the response.
///
/// # Errors
/// A message, when there is no response, or it is larger than `limit` bytes.
pub(crate) async fn post(
    pool: &ConnectionPool,
    (endpoint, credential): (&Endpoint, &Credential),
    connect_timeout: Duration,
    body: Vec<u8>,
    limit: usize,
) -> Result<(StatusCode, Bytes), String> {
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = Method::POST;
    let json = HeaderValue::from_static("application/json");
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, json.clone());
    headers.insert(ACCEPT, json);
    if let Credential::Header(name, value) = credential {
        headers.insert(name.clone(), value.clone());
    }
    let sent = pool.send(endpoint, connect_timeout, request).await;
    let (head, mut lease) = sent.map_err(|error| root_cause(error.as_ref()))?;
    let mut received = Vec::new();
    let broke = |error| format!("the connection broke: {error}");
    while let Some(data) = lease.data().await.map_err(broke)? {
        received.extend_from_slice(&data);
        if received.len() > limit {
            return Err(format!("the response is larger than {limit} bytes"));
        }
    }
    lease.end();
    Ok((head.status, Bytes::from(received)))
}
