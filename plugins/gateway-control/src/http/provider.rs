//! The provider `http` of `kt.control-plane/1`: a control plane over HTTP.

use super::cancellation::cancellable;
use super::client::build_client;
use super::retry::with_retries;
use super::transport_error::transport_error;
use super::url::{invalid_address, request_urls};
use kt_control_api::{
    ConnectOptions, Envelope, Method, Problem, ProblemCode, Request, Response, TransportError,
    TransportErrorKind,
};
use kt_plugin_api::{Class, Context, ControlPlane, Error};
use reqwest::{Client, Url};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The timeout of a response, in addition to the `wait` of a long poll.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
/// The maximum size of a response: a configuration with its envelope.
const MAX_RESPONSE_BYTES: usize = 8 * 1024 * 1024;

/// Remembers which of several addresses responded last: the next request is sent there first.
#[derive(Default)]
pub(crate) struct HttpControlPlane {
    last_responding: AtomicUsize,
}

impl ControlPlane for HttpControlPlane {
    fn request(&self, request: Value, context: &Context<'_>) -> Result<Value, Error> {
        let envelope: Envelope = serde_json::from_value(request).map_err(|e| {
            Error::new(
                Class::Plugin,
                "invalid-request",
                "the request cannot be read",
            )
            .cause(e)
        })?;
        let urls = request_urls(&envelope)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Error::internal("cannot create a runtime for the request").cause(e))?;
        let send = || self.send_to_any(&envelope, &urls, context);
        let response = runtime.block_on(with_retries(&envelope, context, send))?;
        serde_json::to_value(response)
            .map_err(|e| Error::internal("the response cannot be serialized").cause(e))
    }
}

impl HttpControlPlane {
    /// Tries one address after another, until one responds or may have executed the request.
    async fn send_to_any(
        &self,
        envelope: &Envelope,
        urls: &[Url],
        context: &Context<'_>,
    ) -> Result<Response, Error> {
        let is_safe = envelope.request.method == Method::Get;
        let first = self.last_responding.load(Ordering::Relaxed);
        let mut result = Err(invalid_address("", "it is empty"));
        for attempt in 0..urls.len() {
            let index = (first + attempt) % urls.len();
            let open = |file: &Path| context.open_file(file);
            let client = build_client(&urls[index], &envelope.connection, open).or_else(|e| {
                context.check_cancelled()?;
                Err(e)
            })?;
            let response = send(&client, &urls[index], envelope);
            result = cancellable(response, is_safe, context).await;
            let try_next = match &result {
                Ok(response) => is_draining(response) || (is_safe && response.status == 503),
                Err(error) => error.class == Class::Unavailable && context.cancelled().is_none(),
            };
            if !try_next {
                self.last_responding.store(index, Ordering::Relaxed);
                break;
            }
        }
        result
    }
}

/// Whether the server is shutting down, and so has not executed the request.
fn is_draining(response: &Response) -> bool {
    response.status == 503
        && response
            .body
            .as_deref()
            .and_then(|body| serde_json::from_str::<Problem>(body).ok())
            .is_some_and(|problem| problem.code == ProblemCode::Draining)
}

async fn send(client: &Client, url: &Url, envelope: &Envelope) -> Result<Response, TransportError> {
    let Envelope {
        connection,
        request,
    } = envelope;
    let response = build_request(client, url.clone(), connection, request)
        .send()
        .await
        .map_err(|e| transport_error(&e, url, envelope))?;
    let status = response.status().as_u16();
    let headers: BTreeMap<String, String> = response
        .headers()
        .iter()
        .filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        })
        .collect();
    if headers
        .get("content-type")
        .is_some_and(|t| t == "text/event-stream")
    {
        let message = "event streams are not supported; request the resource instead";
        return Err(TransportError::new(TransportErrorKind::Other, message));
    }
    let body = read_body(response, url, envelope).await?;
    Ok(Response {
        status,
        headers,
        body: (!body.is_empty()).then_some(body),
    })
}

fn build_request(
    client: &Client,
    url: Url,
    connection: &ConnectOptions,
    request: &Request,
) -> reqwest::RequestBuilder {
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    };
    let wait = request
        .query
        .get("wait")
        .and_then(|w| w.parse().ok())
        .unwrap_or(0);
    let mut builder = client
        .request(method, url)
        .timeout(RESPONSE_TIMEOUT + Duration::from_secs(wait + wait / 16));
    for (name, value) in request.text_safe_headers() {
        builder = builder.header(name, value);
    }
    if let Some(token) = &connection.token {
        builder = builder.bearer_auth(token);
    }
    match &request.body {
        Some(body) => builder.body(body.clone()),
        None => builder,
    }
}

async fn read_body(
    mut response: reqwest::Response,
    url: &Url,
    envelope: &Envelope,
) -> Result<String, TransportError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|e| transport_error(&e, url, envelope))?
    {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_RESPONSE_BYTES {
            return Err(TransportError::new(
                TransportErrorKind::Other,
                "the response is larger than 8 MiB",
            ));
        }
    }
    String::from_utf8(bytes)
        .map_err(|_| TransportError::new(TransportErrorKind::Other, "the response is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::{build_client, request_urls, send};
    use kt_control_api::{ConnectOptions, Envelope, Method, Request, TransportErrorKind};
    use std::io::{Read, Write};
    use std::path::Path;

    /// Otherwise the response would arrive after minutes, when the stream ends.
    #[test]
    fn a_stream_is_rejected_before_it_ends() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (done, end) = std::sync::mpsc::channel::<()>();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: x\n\n";
            stream.write_all(head.as_bytes()).unwrap();
            // Keep it open until the client closes it.
            assert!(end.recv().is_err());
        });
        let envelope = Envelope {
            connection: ConnectOptions {
                url: Some(url),
                ..ConnectOptions::default()
            },
            request: Request::new(Method::Get, "/v1/gateways/edge/desired/stream"),
        };
        let url = request_urls(&envelope).unwrap().remove(0);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let response = async {
            send(
                &build_client(&url, &envelope.connection, |path: &Path| {
                    std::fs::File::open(path)
                })
                .unwrap(),
                &url,
                &envelope,
            )
            .await
        };
        let error = runtime.block_on(response).unwrap_err();
        assert_eq!(error.kind, TransportErrorKind::Other, "{error}");
        drop(done);
        server.join().unwrap();
    }
}
