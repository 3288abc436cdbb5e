//! The administration thread and its HTTP API.

use super::halt;
use super::status::ControlStatus;
use crate::health::health;
use crate::loopback::is_loopback_host;
use crate::response::{ResponseBody, json_response};
use crate::state::GatewayState;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use kt_plugin_api::Error;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::timeout;

const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);
/// The time limit for the control loop to apply a configuration.
const RELOAD_TIMEOUT: Duration = Duration::from_secs(60);

/// A request to the control loop to apply a configuration.
pub(crate) struct ReloadRequest {
    /// A configuration that overrides the source; without it, the source is
    /// loaded again.
    pub(crate) content: Option<String>,
    /// Receives the response body; `Err` for a rejection.
    pub(crate) reply: oneshot::Sender<Result<Value, Value>>,
}

struct ServerState {
    gateway: Arc<GatewayState>,
    control: Arc<Mutex<ControlStatus>>,
    reloads: UnboundedSender<ReloadRequest>,
    /// The TCP listener is on a loopback address.
    loopback: bool,
}

/// The running administration server; dropping it stops the server.
pub(crate) struct AdminServer {
    socket: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl AdminServer {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the thread cannot be created.
    pub(crate) fn start(
        tcp: TcpListener,
        (unix, socket): (UnixListener, &Path),
        gateway: Arc<GatewayState>,
        control: Arc<Mutex<ControlStatus>>,
        reloads: UnboundedSender<ReloadRequest>,
    ) -> Result<Self, Error> {
        let (stop, stopped) = oneshot::channel();
        let state = Arc::new(ServerState {
            gateway,
            control,
            reloads,
            loopback: tcp.local_addr().is_ok_and(|a| a.ip().is_loopback()),
        });
        let thread = std::thread::Builder::new()
            .name("admin".to_owned())
            .spawn(move || run(tcp, unix, state, stopped))
            .map_err(|e| Error::internal("cannot create the administration thread").cause(e))?;
        Ok(Self {
            socket: socket.to_owned(),
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for AdminServer {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // Fails only when the thread has ended already.
            let _ignored = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
        drop(std::fs::remove_file(&self.socket));
    }
}

fn run(
    tcp: TcpListener,
    unix: UnixListener,
    state: Arc<ServerState>,
    stopped: oneshot::Receiver<()>,
) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        tracing::error!("cannot create the runtime of the administration server");
        return;
    };
    let serving = async move {
        let tcp = tokio::net::TcpListener::from_std(tcp);
        let unix = tokio::net::UnixListener::from_std(unix);
        let (Ok(tcp), Ok(unix)) = (tcp, unix) else {
            tracing::error!("the administration server cannot listen");
            return;
        };
        let accepting = async {
            loop {
                tokio::select! {
                    accepted = tcp.accept() => if let Ok((stream, _)) = accepted {
                        spawn_local(connection(stream, Arc::clone(&state), false));
                    },
                    accepted = unix.accept() => if let Ok((stream, _)) = accepted && is_authorized(&stream) {
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
    LocalSet::new().block_on(&runtime, serving);
}

/// Whether the peer is the same user, or root.
fn is_authorized(stream: &tokio::net::UnixStream) -> bool {
    let uid = rustix::process::geteuid().as_raw();
    stream
        .peer_cred()
        .is_ok_and(|peer| peer.uid() == uid || peer.uid() == 0)
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    state: Arc<ServerState>,
    private: bool,
) {
    let service = service_fn(|request| {
        let state = Arc::clone(&state);
        async move { Ok::<_, Infallible>(handle(request, &state, private).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!("an administration connection ended: {error}");
    }
}

async fn handle(
    request: Request<Incoming>,
    state: &ServerState,
    private: bool,
) -> Response<ResponseBody> {
    let path = request.uri().path().to_owned();
    if !private && state.loopback && !has_loopback_host(&request) {
        // A web page whose name resolves to a loopback address.
        return json_response(
            StatusCode::FORBIDDEN,
            &json!({ "error": "the host must be a loopback host" }),
        );
    }
    let Some(control) = state.control.lock().ok().map(|control| control.clone()) else {
        return json_response(
            StatusCode::INTERNAL_SERVER_ERROR,
            &json!({ "error": "the state of the control loop is not available" }),
        );
    };
    match (request.method(), path.as_str(), private) {
        (&Method::GET, "/livez" | "/healthz" | "/readyz" | "/health", _) => {
            let (status, body) = health(&path, &state.gateway, &control.snapshot);
            json_response(status, &body)
        }
        (&Method::GET, "/metrics", _) => metrics(&state.gateway),
        (&Method::GET, "/status", true) => {
            json_response(StatusCode::OK, &status(&control, &state.gateway))
        }
        (&Method::GET, "/keeptrusts/config", true) => {
            json_response(StatusCode::OK, &control.config())
        }
        (&Method::POST, "/keeptrusts/config/reload", true) => reload(request, state).await,
        (&Method::POST, "/keeptrusts/halt", true) => match read_text(request).await {
            Ok(body) => halt::halt(&body, &state.gateway),
            Err(response) => response,
        },
        (&Method::POST, "/keeptrusts/unhalt", true) => halt::unhalt(&state.gateway),
        (
            _,
            "/keeptrusts/config"
            | "/keeptrusts/config/reload"
            | "/keeptrusts/halt"
            | "/keeptrusts/unhalt"
            | "/status",
            false,
        ) => json_response(
            StatusCode::FORBIDDEN,
            &json!({ "error": "this path is served on the unix socket only" }),
        ),
        _ => json_response(StatusCode::NOT_FOUND, &json!({ "error": "unknown path" })),
    }
}

fn has_loopback_host(request: &Request<Incoming>) -> bool {
    let host = request.headers().get(http::header::HOST);
    host.is_none_or(|host| host.to_str().is_ok_and(is_loopback_host))
}

fn metrics(state: &GatewayState) -> Response<ResponseBody> {
    state.metrics.set_in_flight(state.in_flight());
    state.metrics.set_halted(state.halts.current().is_some());
    let mut response = Response::new(ResponseBody::from(state.metrics.render()));
    let kind =
        HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, kind);
    response
}

fn status(control: &ControlStatus, state: &GatewayState) -> Value {
    let uptime = state.started.elapsed().as_secs();
    let mut status = control.status(
        state.is_ready(),
        true,
        uptime,
        state.in_flight(),
        state.served(),
        &state.upstream_health,
    );
    status["halt"] = json!(state.halts.current());
    status
}

/// Reads the body of a request as text.
async fn read_text(request: Request<Incoming>) -> Result<String, Response<ResponseBody>> {
    let body = Limited::new(request.into_body(), kt_policy::MAX_SOURCE_BYTES)
        .collect()
        .await;
    let text = body
        .ok()
        .and_then(|b| String::from_utf8(b.to_bytes().to_vec()).ok());
    text.ok_or_else(|| {
        json_response(
            StatusCode::UNPROCESSABLE_ENTITY,
            &json!({ "error": "the body is too large or not UTF-8" }),
        )
    })
}

async fn reload(request: Request<Incoming>, state: &ServerState) -> Response<ResponseBody> {
    let text = match read_text(request).await {
        Ok(text) => text,
        Err(response) => return response,
    };
    let (reply, outcome) = oneshot::channel();
    let content = (!text.trim().is_empty()).then_some(text);
    if state
        .reloads
        .send(ReloadRequest { content, reply })
        .is_err()
    {
        return json_response(
            StatusCode::SERVICE_UNAVAILABLE,
            &json!({ "error": "the gateway is stopping" }),
        );
    }
    match timeout(RELOAD_TIMEOUT, outcome).await {
        Ok(Ok(Ok(applied))) => json_response(StatusCode::OK, &applied),
        Ok(Ok(Err(rejected))) => json_response(StatusCode::UNPROCESSABLE_ENTITY, &rejected),
        _ => json_response(
            StatusCode::SERVICE_UNAVAILABLE,
            &json!({ "error": "the control loop did not respond in time" }),
        ),
    }
}
