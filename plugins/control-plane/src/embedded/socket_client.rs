//! Sends requests to the local server through its socket.

use std::collections::BTreeMap;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::path::Path;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use kt_cancellation::{CancelReason, Cancellation};
use kt_control_api::{Method, Request, Response, TransportError, TransportErrorKind};
use tokio::net::UnixStream;

use super::cancellation::error;
use super::socket::ShortPath;

/// Largest response in bytes. A page of 200 gateways is far smaller.
const MAX_RESPONSE_BYTES: usize = 16 * 1024 * 1024;
/// A client of the local server.
pub(super) struct SocketClient {
    socket: ShortPath,
}

impl SocketClient {
    pub(super) fn new(directory: &Path) -> Result<Self, TransportError> {
        let socket = ShortPath::of(directory).map_err(|error| unavailable(&error))?;
        Ok(Self { socket })
    }

    /// Sends a request. `None` when nothing was sent, because no server accepts connections.
    pub(super) fn send(
        &self,
        request: &Request,
        cancellation: Cancellation<'_>,
    ) -> Result<Option<Response>, TransportError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| unavailable(&error))?;
        runtime.block_on(self.exchange(request, cancellation))
    }

    async fn exchange(
        &self,
        request: &Request,
        cancellation: Cancellation<'_>,
    ) -> Result<Option<Response>, TransportError> {
        let stream = match UnixStream::connect(self.socket.as_path()).await {
            Ok(stream) => stream,
            Err(error) if is_not_listening(&error) => return Ok(None),
            Err(error) => return Err(unavailable(&error)),
        };
        let http_request = http_request(request)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| unavailable(&error))?;
        let driver = tokio::spawn(connection);
        let exchange = async {
            let response = sender
                .send_request(http_request)
                .await
                .map_err(|error| no_response(request, &error))?;
            read_response(response)
                .await
                .map_err(|error| no_response(request, &error))
        };
        let response = unless_cancelled(exchange, request, cancellation).await;
        driver.abort();
        response.map(Some)
    }
}

/// Waits for the response until the caller cancels or the deadline is over.
async fn unless_cancelled(
    exchange: impl Future<Output = Result<Response, TransportError>>,
    request: &Request,
    cancellation: Cancellation<'_>,
) -> Result<Response, TransportError> {
    tokio::select! {
        biased;
        response = exchange => response,
        reason = cancellation.wait() => Err(match reason {
            CancelReason::Deadline => no_response(request, &error(reason)),
            CancelReason::Signal => error(reason),
        }),
    }
}

async fn read_response(
    response: hyper::Response<hyper::body::Incoming>,
) -> Result<Response, BoxError> {
    let (head, body) = response.into_parts();
    let body = Limited::new(body, MAX_RESPONSE_BYTES)
        .collect()
        .await?
        .to_bytes();
    let text = |value: &http::HeaderValue| value.to_str().ok().map(str::to_owned);
    let mut headers: BTreeMap<_, _> = head
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), text(value)?)))
        .collect();
    // A server that shuts down spreads the waiting clients over the next seconds. That is not
    // needed here: the store can be used in process once the server has stopped.
    if head.status == hyper::StatusCode::NOT_MODIFIED {
        headers.remove("retry-after");
    }
    let body = (!body.is_empty())
        .then(|| String::from_utf8(body.into()))
        .transpose()?;
    Ok(Response {
        status: head.status.as_u16(),
        headers,
        body,
    })
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn http_request(request: &Request) -> Result<hyper::Request<Full<Bytes>>, TransportError> {
    let mut builder = hyper::Request::builder()
        .method(request.method.as_str())
        .uri(request.target())
        .header("host", "localhost");
    for (name, value) in request.text_safe_headers() {
        builder = builder.header(name, value);
    }
    let body = Bytes::from(request.body.clone().unwrap_or_default());
    builder.body(Full::new(body)).map_err(|error| {
        let message = format!("the request cannot be sent: {error}");
        TransportError::new(TransportErrorKind::Other, message)
    })
}

fn is_not_listening(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::ConnectionRefused
    )
}

fn unavailable(error: &dyn std::fmt::Display) -> TransportError {
    let message = format!("cannot connect to the local control plane: {error}");
    TransportError::new(TransportErrorKind::Unavailable, message)
}

/// Only requests that change something have an unknown effect without a response.
fn no_response(request: &Request, error: &dyn std::fmt::Display) -> TransportError {
    let kind = match request.method {
        Method::Get => TransportErrorKind::Unavailable,
        _ => TransportErrorKind::UnknownEffect,
    };
    TransportError::new(
        kind,
        format!("no response from the local control plane: {error}"),
    )
}
