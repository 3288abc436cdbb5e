//! The administration thread.

use super::health::health;
use super::view::View;
use crate::proxy::{Body, json};
use crate::worker::Shared;
use http::{HeaderValue, Method, Request as HttpRequest, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use kt_plugin_api::Error;
use serde_json::{Value, json as value};
use std::convert::Infallible;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::timeout;

const HEADERS: Duration = Duration::from_secs(10);
/// How long the control loop may take for a change.
const CHANGE: Duration = Duration::from_secs(60);

/// What the control loop is asked to do.
pub(crate) struct Request {
    /// A configuration to serve instead; without it, take the source again.
    pub(crate) content: Option<String>,
    /// Takes the outcome: a body, and whether it is a rejection.
    pub(crate) answer: oneshot::Sender<Result<Value, Value>>,
}

struct State {
    shared: Arc<Shared>,
    view: Arc<Mutex<View>>,
    requests: Sender<Request>,
}

/// The running administration.
pub(crate) struct Admin {
    socket: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Admin {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the socket or the thread cannot be had.
    pub(crate) fn start(
        tcp: TcpListener,
        (unix, socket): (UnixListener, &Path),
        shared: Arc<Shared>,
        view: Arc<Mutex<View>>,
        requests: Sender<Request>,
    ) -> Result<Self, Error> {
        let (stop, stopped) = oneshot::channel();
        let state = Arc::new(State {
            shared,
            view,
            requests,
        });
        let thread = std::thread::Builder::new()
            .name("admin".to_owned())
            .spawn(move || run(tcp, unix, state, stopped))
            .map_err(|e| Error::internal("no thread for the administration").cause(e))?;
        Ok(Self {
            socket: socket.to_owned(),
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // Fails only when the thread has ended already.
            let _unheard = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
        drop(std::fs::remove_file(&self.socket));
    }
}

fn run(tcp: TcpListener, unix: UnixListener, state: Arc<State>, stopped: oneshot::Receiver<()>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        tracing::error!("the administration has no runtime");
        return;
    };
    let turning = async move {
        let tcp = tokio::net::TcpListener::from_std(tcp);
        let unix = tokio::net::UnixListener::from_std(unix);
        let (Ok(tcp), Ok(unix)) = (tcp, unix) else {
            tracing::error!("the administration cannot listen");
            return;
        };
        let accepting = async {
            loop {
                tokio::select! {
                    accepted = tcp.accept() => if let Ok((stream, _)) = accepted {
                        spawn_local(connection(stream, Arc::clone(&state), false));
                    },
                    accepted = unix.accept() => if let Ok((stream, _)) = accepted && is_own(&stream) {
                        spawn_local(connection(stream, Arc::clone(&state), true));
                    },
                }
            }
        };
        tokio::select! {
            () = accepting => {}
            _ = stopped => {}
        }
    };
    LocalSet::new().block_on(&runtime, turning);
}

/// Only the same user, or root, may administer.
fn is_own(stream: &tokio::net::UnixStream) -> bool {
    let me = rustix::process::geteuid().as_raw();
    stream
        .peer_cred()
        .is_ok_and(|peer| peer.uid() == me || peer.uid() == 0)
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    state: Arc<State>,
    private: bool,
) {
    let service = service_fn(|request| {
        let state = Arc::clone(&state);
        async move { Ok::<_, Infallible>(answer(request, &state, private).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!("an administration connection ended: {error}");
    }
}

async fn answer(request: HttpRequest<Incoming>, state: &State, private: bool) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let Some(view) = state.view.lock().ok().map(|view| view.clone()) else {
        return json(
            StatusCode::INTERNAL_SERVER_ERROR,
            &value!({ "error": "no state" }),
        );
    };
    match (request.method(), path.as_str(), private) {
        (&Method::GET, "/livez" | "/healthz" | "/readyz" | "/health", _) => {
            let (status, body) = health(&path, &state.shared, &view.snapshot);
            json(status, &body)
        }
        (&Method::GET, "/metrics", _) => metrics(&state.shared),
        (&Method::GET, "/status", true) => json(StatusCode::OK, &status(&view, &state.shared)),
        (&Method::GET, "/keeptrusts/config", true) => json(StatusCode::OK, &view.config()),
        (&Method::POST, "/keeptrusts/config/reload", true) => reload(request, state).await,
        (_, "/keeptrusts/config" | "/keeptrusts/config/reload" | "/status", false) => json(
            StatusCode::FORBIDDEN,
            &value!({ "error": "configuration is administered on the unix socket only" }),
        ),
        _ => json(StatusCode::NOT_FOUND, &value!({ "error": "unknown path" })),
    }
}

fn metrics(shared: &Shared) -> Response<Body> {
    shared.metrics.set_in_flight(shared.in_flight());
    let mut response = Response::new(Body::from(shared.metrics.render()));
    let kind =
        HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, kind);
    response
}

fn status(view: &View, shared: &Shared) -> Value {
    let uptime = shared.started.elapsed().as_secs();
    view.status(
        shared.is_ready(),
        true,
        uptime,
        shared.in_flight(),
        shared.served(),
    )
}

async fn reload(request: HttpRequest<Incoming>, state: &State) -> Response<Body> {
    let body = Limited::new(request.into_body(), kt_policy::MAX_SOURCE_BYTES)
        .collect()
        .await;
    let text = body
        .ok()
        .and_then(|b| String::from_utf8(b.to_bytes().to_vec()).ok());
    let Some(text) = text else {
        return json(
            StatusCode::UNPROCESSABLE_ENTITY,
            &value!({ "error": "the body is too large or not UTF-8" }),
        );
    };
    let (answer, outcome) = oneshot::channel();
    let content = (!text.trim().is_empty()).then_some(text);
    if state.requests.send(Request { content, answer }).is_err() {
        return json(
            StatusCode::SERVICE_UNAVAILABLE,
            &value!({ "error": "the gateway is stopping" }),
        );
    }
    match timeout(CHANGE, outcome).await {
        Ok(Ok(Ok(done))) => json(StatusCode::OK, &done),
        Ok(Ok(Err(rejected))) => json(StatusCode::UNPROCESSABLE_ENTITY, &rejected),
        _ => json(
            StatusCode::SERVICE_UNAVAILABLE,
            &value!({ "error": "no answer from the control loop" }),
        ),
    }
}
