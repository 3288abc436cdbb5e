//! One connection and its requests.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use kt_control_api::{ProblemCode, Request, Response, TokenId, new_request_id, random_seconds};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use super::auth::{self, Credential};
use super::blocking::{internal_error, run_blocking};
use super::compression::{self, accepts_gzip};
use super::connection_limit::connection_limit;
use super::drain::drain_started;
use super::immediate::ImmediateApi;
use super::limits::RateLimits;
use super::message::{self, HttpResponse, ResponseBody};
use super::notifier::{Notifier, Topic};
use super::peer::PeerOrigin;
use super::storage::LocalStore;
use super::streaming_body::StreamingBody;
use super::tls::TlsHandshake;
use super::token_uses::TokenUses;
use super::write_timeout::WriteTimeout;
use super::{audit_export, event_stream};
use crate::api::{
    Api, ApiError, LongPoll, Principal, Reply, is_write, may_contain_config, problem_response,
    route_template, with_allow_header,
};
use crate::metrics::{AuthFailure, Metrics};
use crate::validator::ValidationResult;

/// How long the head of a request may take, and how long a connection may be idle before it.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Largest head of a request in bytes.
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// Longest body whose configuration is validated on the event loop. Validating 4 KiB was measured
/// to take 20 µs, and the switch to another thread and back 25 µs.
const MAX_INLINE_VALIDATION_BYTES: usize = 8 * 1024;
/// Range in seconds over which clients are spread that waited at a server that shuts down.
const DRAIN_RETRY_AFTER: u16 = 5;
/// How often a wait is checked that time alone can end.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// The labels of requests without an operation.
const UNKNOWN_ROUTE: (&str, &str) = ("other", "other");

/// The shared state of all connections.
#[derive(Clone)]
pub(super) struct Server {
    api: Api,
    immediate: Option<ImmediateApi>,
    notifier: Notifier,
    local_store: Option<Arc<LocalStore>>,
    limits: RateLimits,
    metrics: Arc<Metrics>,
    token_uses: TokenUses,
    permits: Arc<Semaphore>,
}

/// What is sent to the client.
enum HttpReply {
    Complete(HttpResponse),
    /// After a wait, which does not count as the duration of the request.
    AfterWait(HttpResponse),
    Streaming {
        media_type: &'static str,
        request_id: String,
        body: StreamingBody,
    },
}

impl Server {
    pub(super) fn new(
        api: Api,
        notifier: Notifier,
        local_store: Option<LocalStore>,
        limits: RateLimits,
        metrics: Arc<Metrics>,
    ) -> Self {
        let local_store = local_store.map(Arc::new);
        let immediate = local_store.as_ref();
        Self {
            immediate: immediate.map(|store| ImmediateApi::new(&api, store)),
            api,
            notifier,
            local_store,
            limits,
            metrics,
            token_uses: TokenUses::default(),
            permits: Arc::new(Semaphore::new(connection_limit())),
        }
    }

    pub(super) fn limits(&self) -> &RateLimits {
        &self.limits
    }

    pub(super) fn token_uses(&self) -> &TokenUses {
        &self.token_uses
    }

    /// Serves a connection until it ends, or until its requests are answered once the server
    /// drains.
    pub(super) async fn serve<S>(self, stream: S, origin: PeerOrigin, drain: watch::Receiver<bool>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        if let Some(_permit) = self.permit() {
            self.serve_http(stream, origin, drain).await;
        }
    }

    /// Serves a TLS connection. The permit is acquired before the handshake, so that clients that
    /// do not complete it count too.
    pub(super) async fn serve_tls(
        self,
        stream: TcpStream,
        origin: PeerOrigin,
        tls: TlsHandshake,
        mut drain: watch::Receiver<bool>,
    ) {
        let Some(_permit) = self.permit() else { return };
        let accepted = tokio::select! {
            accepted = tls.accept(stream) => accepted,
            () = drain_started(&mut drain) => None,
        };
        if let Some(stream) = accepted {
            self.serve_http(stream, origin, drain).await;
        }
    }

    /// Returns `None` at the limit. The connection is then closed at once.
    fn permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.permits).try_acquire_owned().ok()
    }

    async fn serve_http<S>(self, stream: S, origin: PeerOrigin, mut drain: watch::Receiver<bool>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let _open = self.metrics.connection_opened();
        let requests_drain = drain.clone();
        let service = service_fn(move |request| {
            let (server, drain) = (self.clone(), requests_drain.clone());
            async move { Ok::<_, Infallible>(server.respond(request, origin, drain).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(WriteTimeout::new(stream)), service);
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = drain_started(&mut drain) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "connection ended by an error");
        }
    }

    async fn respond(
        self,
        request: hyper::Request<Incoming>,
        origin: PeerOrigin,
        drain: watch::Receiver<bool>,
    ) -> hyper::Response<ResponseBody> {
        let start = Instant::now();
        let path = request.uri().path().to_owned();
        let route = route_template(request.method().as_str(), &path).unwrap_or(UNKNOWN_ROUTE);
        let mut duration = None;
        let response = match self.handle(request, origin, drain.clone()).await {
            Ok(HttpReply::Complete(response)) => {
                duration = Some(start.elapsed());
                response
            }
            Ok(HttpReply::AfterWait(response)) => response,
            Ok(HttpReply::Streaming {
                media_type,
                request_id,
                body,
            }) => {
                self.metrics.observe_request(route, 200, None);
                return message::build_streaming_response(body, media_type, &request_id);
            }
            Err(problem) => {
                let id = new_request_id();
                with_allow_header(problem_response(*problem, &id), &path).into()
            }
        };
        self.metrics
            .observe_request(route, response.status, duration);
        // The rest of a body that was not read would be parsed as the next request.
        let unread_body = matches!(response.status, 408 | 413);
        let close = unread_body || *drain.borrow();
        message::build_response(response, close)
    }

    async fn handle(
        &self,
        request: hyper::Request<Incoming>,
        origin: PeerOrigin,
        drain: watch::Receiver<bool>,
    ) -> Result<HttpReply, ApiError> {
        let failed = |problem, failure| self.authentication_failed(problem, failure, origin);
        let credential = auth::credential(origin, request.uri().path(), request.headers());
        let credential = credential.map_err(|problem| failed(problem, AuthFailure::NoToken))?;
        let caller = self.authenticate(credential).await;
        let caller = caller.map_err(|problem| failed(problem, AuthFailure::InvalidToken))?;
        self.token_uses.record(&caller);
        self.limits.check(&caller)?;
        let token = caller.token.clone();
        let gzip = accepts_gzip(request.headers());
        let request = message::read_request(request).await?;
        let immediate = self.immediate.as_ref();
        let immediate = immediate.map_or(Ok(None), |api| api.handle(&request, &caller))?;
        let is_checked = immediate.is_some();
        let reply = match immediate {
            Some(reply) => reply,
            None => self.execute(request, caller).await?,
        };
        match reply {
            Reply::Complete(complete) => {
                self.notifier.notify(&complete.wake);
                let response = if complete.compressible {
                    compression::encode(complete.response, gzip).await?
                } else {
                    complete.response.into()
                };
                Ok(HttpReply::Complete(response))
            }
            Reply::LongPoll(poll) => {
                let caller = (credential, token);
                let response = self.wait(poll, caller, drain.clone(), is_checked);
                let response = response.await?;
                let mut response = HttpResponse::from(response);
                if *drain.borrow() {
                    let seconds = random_seconds(DRAIN_RETRY_AFTER).to_string();
                    response.set_header("retry-after", &seconds);
                }
                Ok(HttpReply::AfterWait(response))
            }
            Reply::EventStream(stream) => {
                let (api, guard) = (self.api.clone(), self.metrics.stream_opened());
                Ok(HttpReply::Streaming {
                    media_type: "text/event-stream",
                    request_id: stream.request_id().to_owned(),
                    body: event_stream::body(
                        api,
                        &self.notifier,
                        stream,
                        (credential, token),
                        drain,
                        guard,
                    ),
                })
            }
            Reply::AuditExport(export) => {
                let (api, guard) = (self.api.clone(), self.metrics.stream_opened());
                Ok(HttpReply::Streaming {
                    media_type: "application/x-ndjson",
                    request_id: export.request_id().to_owned(),
                    body: audit_export::body(api, export, credential, guard),
                })
            }
        }
    }

    /// Counts a failed authentication, and returns the error to send.
    fn authentication_failed(
        &self,
        problem: ApiError,
        failure: AuthFailure,
        origin: PeerOrigin,
    ) -> ApiError {
        if problem.code == ProblemCode::Unauthenticated {
            self.metrics.count_auth_failure(failure);
        }
        self.limits.authentication_failed(problem, origin)
    }

    async fn authenticate(&self, credential: Credential) -> Result<Principal, ApiError> {
        if let Some(caller) = self.authenticate_immediately(credential) {
            return caller;
        }
        let api = self.api.clone();
        run_blocking(move || auth::authenticate(&api, credential)).await?
    }

    fn authenticate_immediately(
        &self,
        credential: Credential,
    ) -> Option<Result<Principal, ApiError>> {
        let immediate = self.immediate.as_ref()?;
        immediate.authenticate(credential)
    }

    async fn execute(&self, request: Request, caller: Principal) -> Result<Reply, ApiError> {
        if let Some(store) = self.local_store.as_ref().filter(|_| is_write(&request)) {
            let (request, caller, validation) = self.validate(request, caller).await?;
            return store
                .write_queue()
                .execute(request, caller, validation)
                .await;
        }
        let api = self.api.clone();
        run_blocking(move || api.handle(&request, &caller)).await
    }

    /// Validates the configuration in a request, if there is one, outside of the write queue.
    async fn validate(
        &self,
        request: Request,
        caller: Principal,
    ) -> Result<(Request, Principal, Option<ValidationResult>), ApiError> {
        if !may_contain_config(&request) {
            return Ok((request, caller, None));
        }
        let inline = validates_fast(&request);
        let api = self.api.clone();
        let validate = move || {
            let validation = api.validate_ahead(&request, &caller);
            (request, caller, validation)
        };
        if inline {
            return catch_unwind(AssertUnwindSafe(validate)).map_err(|_| internal_error());
        }
        run_blocking(validate).await
    }

    /// Returns the response to a long poll if its condition holds now. The token may have been revoked
    /// or expired since the request arrived.
    async fn check(
        &self,
        poll: &Arc<LongPoll>,
        credential: Credential,
    ) -> Result<Option<Response>, ApiError> {
        let immediate = self.immediate.as_ref();
        if let Some(checked) = immediate.and_then(|api| api.check(poll, credential)) {
            return checked;
        }
        let (api, poll) = (self.api.clone(), Arc::clone(poll));
        run_blocking(move || auth::authenticate(&api, credential).map(|_| api.poll(&poll))).await?
    }

    async fn wait(
        &self,
        poll: LongPoll,
        (credential, token): (Credential, Option<TokenId>),
        mut drain: watch::Receiver<bool>,
        mut is_checked: bool,
    ) -> Result<Response, ApiError> {
        let _guard = self.metrics.long_poll_started();
        let end = Instant::now() + poll.wait();
        let mut topics = vec![Topic::Gateway(poll.gateway().clone())];
        topics.extend(token.map(Topic::Token));
        if poll.awaits_answers() {
            topics.push(Topic::Answers(poll.gateway().clone()));
        }
        let changes = self.notifier.subscribe(topics);
        let poll = Arc::new(poll);
        let mut notified_at = None;
        loop {
            // Changes are notified on the event loop, so there was none since a check there. The
            // token was checked before that.
            let is_known = std::mem::take(&mut is_checked)
                && matches!(self.authenticate_immediately(credential), Some(Ok(_)));
            if !is_known && let Some(response) = self.check(&poll, credential).await? {
                if let Some(at) = notified_at {
                    let latency = Instant::now().duration_since(at);
                    self.metrics.observe_notification_latency(latency);
                }
                return Ok(response);
            }
            let next_check = if poll.awaits_answers() {
                Instant::now() + POLL_INTERVAL
            } else {
                end
            };
            tokio::select! {
                at = changes.notified() => notified_at = Some(Instant::from_std(at)),
                () = tokio::time::sleep_until(end.min(next_check)) => {}
                () = drain_started(&mut drain) => break,
            }
            if Instant::now() >= end {
                break;
            }
        }
        let api = self.api.clone();
        let timed_out =
            move || auth::authenticate(&api, credential).map(|_| api.poll_timed_out(&poll));
        run_blocking(timed_out).await?
    }
}

/// Returns whether validating takes less time than switching threads: the body is short, and
/// contains no YAML alias, not even behind a JSON escape, because few aliases can expand to much.
fn validates_fast(request: &Request) -> bool {
    let body = request.body.as_deref().unwrap_or_default();
    body.len() <= MAX_INLINE_VALIDATION_BYTES && !body.contains('*') && !body.contains("\\u")
}
