//! The control plane behind an address: provider `http` of `kt.control-plane/1`.

use super::failure::transport_error;
use super::patience;
use super::target::{bad_address, targets};
use super::trust::client;
use kt_control_api::{
    ConnectOptions, Envelope, Method, Problem, ProblemCode, Request, Response, TransportError,
    TransportErrorKind,
};
use kt_plugin_api::{Cancel, Class, Context, ControlPlane, Error};
use reqwest::{Client, Url};
use serde_json::Value;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How long an answer may take, beyond the wait that a long-poll asks for.
const ANSWER: Duration = Duration::from_secs(30);
/// How often cancellation is looked at; below what a person notices.
pub(super) const TICK: Duration = Duration::from_millis(50);
/// The largest answer: a configuration and its envelope.
const MAX_ANSWER: usize = 8 * 1024 * 1024;

/// Remembers which of several addresses answered last: that one is asked first.
#[derive(Default)]
pub(crate) struct HttpControlPlane {
    answered: AtomicUsize,
}

impl ControlPlane for HttpControlPlane {
    fn request(&self, request: Value, context: &Context<'_>) -> Result<Value, Error> {
        let envelope: Envelope = serde_json::from_value(request).map_err(|e| {
            Error::new(Class::Plugin, "bad-request", "the request cannot be read").cause(e)
        })?;
        let targets = targets(&envelope)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Error::internal("no runtime for the request").cause(e))?;
        let ask = || self.ask(&envelope, &targets, context);
        let response = runtime.block_on(patience::ask(&envelope, context, ask))?;
        serde_json::to_value(response)
            .map_err(|e| Error::internal("the answer cannot be passed on").cause(e))
    }
}

impl HttpControlPlane {
    /// Asks one address after another until one answers, or one may have acted.
    async fn ask(
        &self,
        envelope: &Envelope,
        targets: &[Url],
        context: &Context<'_>,
    ) -> Result<Response, Error> {
        let harmless = envelope.request.method == Method::Get;
        let first = self.answered.load(Ordering::Relaxed);
        let mut outcome = Err(bad_address("", "it is empty"));
        for attempt in 0..targets.len() {
            let at = (first + attempt) % targets.len();
            let client = client(&targets[at], &envelope.connection)?;
            let sent = send(&client, &targets[at], envelope);
            outcome = cancellable(sent, harmless, context).await;
            let another = match &outcome {
                Ok(response) => is_draining(response) || (harmless && response.status == 503),
                Err(error) => error.class == Class::Unavailable && context.cancelled().is_none(),
            };
            if !another {
                self.answered.store(at, Ordering::Relaxed);
                break;
            }
        }
        outcome
    }
}

/// Whether a server ends, and so has done nothing.
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
    let answer = build(client, url.clone(), connection, request)
        .send()
        .await
        .map_err(|e| transport_error(&e, url, envelope))?;
    let status = answer.status().as_u16();
    let headers: BTreeMap<String, String> = answer
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
        let why = "a stream of events cannot be passed on; ask for what it tells";
        return Err(TransportError::new(TransportErrorKind::Other, why));
    }
    let body = read_body(answer, url, envelope).await?;
    Ok(Response {
        status,
        headers,
        body: (!body.is_empty()).then_some(body),
    })
}

fn build(
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
        .timeout(ANSWER + Duration::from_secs(wait + wait / 16));
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
    mut answer: reqwest::Response,
    url: &Url,
    envelope: &Envelope,
) -> Result<String, TransportError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer
        .chunk()
        .await
        .map_err(|e| transport_error(&e, url, envelope))?
    {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_ANSWER {
            return Err(TransportError::new(
                TransportErrorKind::Other,
                "the answer is larger than 8 MiB",
            ));
        }
    }
    String::from_utf8(bytes)
        .map_err(|_| TransportError::new(TransportErrorKind::Other, "the answer is not UTF-8"))
}

async fn cancellable(
    work: impl Future<Output = Result<Response, TransportError>>,
    harmless: bool,
    context: &Context<'_>,
) -> Result<Response, Error> {
    let mut work = std::pin::pin!(work);
    loop {
        if let Ok(done) = tokio::time::timeout(TICK, &mut work).await {
            return done.map_err(Error::from);
        }
        if context.cancelled() == Some(Cancel::Deadline) {
            // What only asks had no effect; of anything else it is not known.
            let class = if harmless {
                Class::Unavailable
            } else {
                Class::UnknownEffect
            };
            let message = "timed out waiting for the control plane";
            return Err(Error::new(class, "timeout", message));
        }
        context.check_cancelled()?;
    }
}

#[cfg(test)]
mod tests {
    use super::{client, send, targets};
    use kt_control_api::{ConnectOptions, Envelope, Method, Request, TransportErrorKind};
    use std::io::{Read, Write};

    /// It would only come back after minutes, with everything at once.
    #[test]
    fn a_stream_is_refused_before_it_ends() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (done, end) = std::sync::mpsc::channel::<()>();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: x\n\n";
            stream.write_all(head.as_bytes()).unwrap();
            // Open until the other side has had enough.
            assert!(end.recv().is_err());
        });
        let envelope = Envelope {
            connection: ConnectOptions {
                url: Some(url),
                ..ConnectOptions::default()
            },
            request: Request::new(Method::Get, "/v1/gateways/edge/desired/stream"),
        };
        let url = targets(&envelope).unwrap().remove(0);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let sent = async {
            send(
                &client(&url, &envelope.connection).unwrap(),
                &url,
                &envelope,
            )
            .await
        };
        let error = runtime.block_on(sent).unwrap_err();
        assert_eq!(error.kind, TransportErrorKind::Other, "{error}");
        drop(done);
        server.join().unwrap();
    }
}
