//! Carrying a request to the local server through its socket.

use std::collections::BTreeMap;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use kt_control_api::{Method, Request, Response, TransportError, TransportErrorKind};
use tokio::net::UnixStream;

use super::process::Patience;
use super::socket::ShortPath;

/// Largest answer in bytes. A page of 200 gateways stays far below.
const MAX_ANSWER: usize = 16 * 1024 * 1024;
/// How often to look whether the caller gave up.
const NAP: Duration = Duration::from_millis(25);

/// What came of an attempt.
pub(super) enum Relayed {
    Answered(Response),
    /// Nothing was sent: the socket is missing or nobody listens.
    NobodyThere,
}

/// The way to the local server.
pub(super) struct Relay {
    socket: ShortPath,
}

impl Relay {
    pub(super) fn new(directory: &Path) -> Result<Self, TransportError> {
        let socket = ShortPath::of(directory).map_err(|error| unavailable(&error))?;
        Ok(Self { socket })
    }

    pub(super) fn send(
        &self,
        request: &Request,
        patience: Patience<'_>,
    ) -> Result<Relayed, TransportError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| unavailable(&error))?;
        runtime.block_on(self.exchange(request, patience))
    }

    async fn exchange(
        &self,
        request: &Request,
        patience: Patience<'_>,
    ) -> Result<Relayed, TransportError> {
        let stream = match UnixStream::connect(self.socket.as_path()).await {
            Ok(stream) => stream,
            Err(error) if is_absence(&error) => return Ok(Relayed::NobodyThere),
            Err(error) => return Err(unavailable(&error)),
        };
        let prepared = http_request(request)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| unavailable(&error))?;
        let driver = tokio::spawn(connection);
        let exchange = async {
            let answer = sender
                .send_request(prepared)
                .await
                .map_err(|error| lost(request, &error))?;
            read(answer).await.map_err(|error| lost(request, &error))
        };
        let answered = attended(exchange, request, patience).await;
        driver.abort();
        answered.map(Relayed::Answered)
    }
}

/// Waits for the answer while the caller does.
async fn attended(
    exchange: impl Future<Output = Result<Response, TransportError>>,
    request: &Request,
    patience: Patience<'_>,
) -> Result<Response, TransportError> {
    tokio::pin!(exchange);
    loop {
        tokio::select! {
            answered = &mut exchange => return answered,
            () = tokio::time::sleep(NAP) => {}
        }
        if let Err(error) = patience.check() {
            return Err(match error.kind {
                TransportErrorKind::Timeout => lost(request, &error),
                _ => error,
            });
        }
    }
}

async fn read(answer: hyper::Response<hyper::body::Incoming>) -> Result<Response, BoxError> {
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, MAX_ANSWER).collect().await?.to_bytes();
    let text = |value: &http::HeaderValue| value.to_str().ok().map(str::to_owned);
    let mut headers: BTreeMap<_, _> = head
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), text(value)?)))
        .collect();
    // A server that ends spreads those over the next seconds who wait for it on the network. Here
    // nobody needs it: the store is at hand once it has ended.
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
    let mut prepared = hyper::Request::builder()
        .method(request.method.as_str())
        .uri(request.target())
        .header("host", "localhost");
    for (name, value) in request.text_safe_headers() {
        prepared = prepared.header(name, value);
    }
    let body = Bytes::from(request.body.clone().unwrap_or_default());
    prepared.body(Full::new(body)).map_err(|error| {
        let message = format!("the request cannot be sent: {error}");
        TransportError::new(TransportErrorKind::Other, message)
    })
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::ConnectionRefused
    )
}

fn unavailable(error: &dyn std::fmt::Display) -> TransportError {
    let message = format!("the local control plane cannot be reached: {error}");
    TransportError::new(TransportErrorKind::Unavailable, message)
}

/// A request that only looks has no effect to be in doubt about.
fn lost(request: &Request, error: &dyn std::fmt::Display) -> TransportError {
    let kind = match request.method {
        Method::Get => TransportErrorKind::Unavailable,
        _ => TransportErrorKind::UnknownEffect,
    };
    TransportError::new(
        kind,
        format!("the local control plane did not answer: {error}"),
    )
}
