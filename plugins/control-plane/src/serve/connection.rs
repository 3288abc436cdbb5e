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
use kt_control_api::{Problem, ProblemCode, Request, Response, new_request_id, random_seconds};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use super::auth::{self, Credential, Door};
use super::body::{self, Whole};
use super::events;
use super::flow::Flow;
use super::hub::Hub;
use super::limits::Limits;
use super::places::places;
use super::portion::{self, Wish};
use super::prompt::Prompt;
use super::rows;
use super::storage::Own;
use super::tls::Tls;
use super::uses::Uses;
use crate::api::{
    Api, Handled, Parked, Principal, Verdict, holds_configuration, is_change, problem_response,
    route, with_allowed,
};
use crate::metrics::{Metrics, Refused};

/// How long a request's head may take, and how long a connection may idle before it.
const HEADER_TIME: Duration = Duration::from_secs(30);
/// Largest head of a request in bytes.
const MAX_HEAD: usize = 32 * 1024;
/// Longest body, in bytes, whose configuration is judged where requests are read. 4 KiB were
/// measured to take 20 µs, and handing them to another thread and back 25.
const QUICK: usize = 8 * 1024;
/// Those who waited at a server that ends come back within so many seconds, not all at once.
const COME_BACK: u16 = 5;
/// How often a wait that time alone can end is looked at.
const TICK: Duration = Duration::from_millis(250);

/// Everything a connection needs.
#[derive(Clone)]
pub(super) struct Server {
    api: Api,
    hub: Hub,
    own: Option<Arc<Own>>,
    limits: Limits,
    metrics: Arc<Metrics>,
    uses: Uses,
    places: Arc<Semaphore>,
}

/// How requests are counted that no operation takes.
const NOWHERE: (&str, &str) = ("other", "other");

/// What a request is answered with.
enum Reply {
    Whole(Whole),
    /// After a wait for news.
    Late(Whole),
    /// What is to come: its media type, the id of the request, and what makes it.
    Going(&'static str, String, Flow),
}

impl Server {
    pub(super) fn new(
        api: Api,
        hub: Hub,
        own: Option<Own>,
        limits: Limits,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            api,
            hub,
            own: own.map(Arc::new),
            limits,
            metrics,
            uses: Uses::default(),
            places: Arc::new(Semaphore::new(places())),
        }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn uses(&self) -> &Uses {
        &self.uses
    }

    /// Serves a connection until it ends, or in order once the server drains.
    pub(super) async fn serve<S>(self, stream: S, door: Door, drain: watch::Receiver<bool>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        if let Some(_place) = self.place() {
            self.converse(stream, door, drain).await;
        }
    }

    /// The same inside of TLS. The handshake takes a place already, so that those who begin one
    /// and say nothing more are counted too.
    pub(super) async fn serve_tls(
        self,
        stream: TcpStream,
        door: Door,
        tls: Tls,
        mut drain: watch::Receiver<bool>,
    ) {
        let Some(_place) = self.place() else { return };
        let secured = tokio::select! {
            secured = tls.accept(stream) => secured,
            () = until_draining(&mut drain) => None,
        };
        if let Some(stream) = secured {
            self.converse(stream, door, drain).await;
        }
    }

    /// `None` when all are taken: closing at once tells the caller to come back later.
    fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    async fn converse<S>(self, stream: S, door: Door, mut drain: watch::Receiver<bool>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let _open = self.metrics.connection();
        let requests_drain = drain.clone();
        let service = service_fn(move |request| {
            let (server, drain) = (self.clone(), requests_drain.clone());
            async move { Ok::<_, Infallible>(server.answer(request, door, drain).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIME)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(Prompt::new(stream)), service);
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = until_draining(&mut drain) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection broke off");
        }
    }

    async fn answer(
        self,
        request: hyper::Request<Incoming>,
        door: Door,
        drain: watch::Receiver<bool>,
    ) -> hyper::Response<body::Answer> {
        let begun = Instant::now();
        let path = request.uri().path().to_owned();
        let route = route(request.method().as_str(), &path).unwrap_or(NOWHERE);
        let mut took = None;
        let response = match self.handle(request, door, drain.clone()).await {
            Ok(Reply::Whole(response)) => {
                took = Some(begun.elapsed());
                response
            }
            Ok(Reply::Late(response)) => response,
            Ok(Reply::Going(media_type, id, flow)) => {
                self.metrics.answered(route, 200, None);
                return body::begin(flow, media_type, &id);
            }
            Err(problem) => {
                let id = new_request_id();
                with_allowed(problem_response(*problem, &id), &path).into()
            }
        };
        self.metrics.answered(route, response.status, took);
        // After a body that was not read to its end, the rest would pass for the next request.
        let broken = matches!(response.status, 408 | 413);
        let close = broken || *drain.borrow();
        body::write(response, close)
    }

    async fn handle(
        &self,
        request: hyper::Request<Incoming>,
        door: Door,
        drain: watch::Receiver<bool>,
    ) -> Result<Reply, Box<Problem>> {
        let refused = |problem, why| self.refused(problem, why, door);
        let shown = auth::credential(door, request.uri().path(), request.headers());
        let shown = shown.map_err(|problem| refused(problem, Refused::NoToken))?;
        let caller = self.caller(shown).await;
        let caller = caller.map_err(|problem| refused(problem, Refused::NotAccepted))?;
        self.uses.add(&caller);
        self.limits.admit(&caller)?;
        let wish = Wish::of(request.headers());
        let request = body::read(request).await?;
        match self.begin(request, caller).await? {
            Handled::Done(answer) => {
                self.hub.tell(&answer.touched);
                if answer.divisible {
                    let selected = portion::select(answer.response, wish).await;
                    return selected.map(Reply::Whole);
                }
                Ok(Reply::Whole(answer.response.into()))
            }
            Handled::Parked(parked) => {
                let mut waited = Whole::from(self.wait(parked, shown, drain.clone()).await?);
                if *drain.borrow() {
                    let seconds = random_seconds(COME_BACK).to_string();
                    waited.set("retry-after", &seconds);
                }
                Ok(Reply::Late(waited))
            }
            Handled::Following(feed) => {
                let (id, counted) = (feed.request_id().to_owned(), self.metrics.stream());
                let api = self.api.clone();
                let flow = events::flow(api, &self.hub, feed, shown, drain, counted);
                Ok(Reply::Going("text/event-stream", id, flow))
            }
            Handled::Sending(rows) => {
                let (id, counted) = (rows.request_id().to_owned(), self.metrics.stream());
                let flow = rows::flow(self.api.clone(), rows, shown, counted);
                Ok(Reply::Going("application/x-ndjson", id, flow))
            }
        }
    }

    /// Says what somebody gets to hear who was not let in.
    fn refused(&self, problem: Box<Problem>, why: Refused, door: Door) -> Box<Problem> {
        if problem.code == ProblemCode::Unauthenticated {
            self.metrics.refused(why);
        }
        self.limits.refused(problem, door)
    }

    async fn caller(&self, shown: Credential) -> Result<Principal, Box<Problem>> {
        let at_hand = match (&self.own, &shown) {
            (Some(own), Credential::Token(hash)) => own.token(hash),
            _ => None,
        };
        if let Some(record) = at_hand {
            return auth::holder(&self.api, Some(record));
        }
        let api = self.api.clone();
        off_loop(move || auth::principal(&api, shown)).await?
    }

    async fn begin(&self, request: Request, caller: Principal) -> Result<Handled, Box<Problem>> {
        if let Some(own) = self.own.as_ref().filter(|_| is_change(&request)) {
            let (request, caller, verdict) = self.judged(request, caller).await?;
            return own.changes().carry_out(request, caller, verdict).await;
        }
        let api = self.api.clone();
        off_loop(move || api.begin(&request, &caller)).await
    }

    /// Has the configuration in a request judged, if there is one, apart from the thread for
    /// changes.
    async fn judged(
        &self,
        request: Request,
        caller: Principal,
    ) -> Result<(Request, Principal, Option<Verdict>), Box<Problem>> {
        if !holds_configuration(&request) {
            return Ok((request, caller, None));
        }
        let quick = is_quick(&request);
        let api = self.api.clone();
        let judge = move || {
            let verdict = api.judge(&request, &caller);
            (request, caller, verdict)
        };
        if quick {
            return catch_unwind(AssertUnwindSafe(judge)).map_err(|_| ran_into_a_bug());
        }
        off_loop(judge).await
    }

    async fn wait(
        &self,
        parked: Parked,
        shown: Credential,
        mut drain: watch::Receiver<bool>,
    ) -> Result<Response, Box<Problem>> {
        let _waiting = self.metrics.parked();
        let end = Instant::now() + parked.wait();
        let mut news = self.hub.listen(parked.gateway());
        let parked = Arc::new(parked);
        let mut told = None;
        loop {
            let (api, question) = (self.api.clone(), Arc::clone(&parked));
            // Whoever was let in may not be any more: the token was revoked, or has expired.
            let look = move || auth::principal(&api, shown).map(|_| api.again(&question));
            if let Some(response) = off_loop(look).await?? {
                if let Some(at) = told {
                    self.metrics.woken(Instant::now().duration_since(at));
                }
                return Ok(response);
            }
            let look_again = if parked.depends_on_time() {
                Instant::now() + TICK
            } else {
                end
            };
            tokio::select! {
                _ = news.changed() => told = Some(Instant::from_std(*news.borrow_and_update())),
                () = tokio::time::sleep_until(end.min(look_again)) => {}
                () = until_draining(&mut drain) => break,
            }
            if Instant::now() >= end {
                break;
            }
        }
        let api = self.api.clone();
        off_loop(move || auth::principal(&api, shown).map(|_| api.expire(&parked))).await?
    }
}

/// Whether a configuration is judged sooner than another thread would begin: it is short, and has
/// no aliases, also none behind an escape of JSON: a few may stand for much.
fn is_quick(request: &Request) -> bool {
    let body = request.body.as_deref().unwrap_or_default();
    body.len() <= QUICK && !body.contains('*') && !body.contains("\\u")
}

/// Waits until the server drains. The guard that the channel returns must not outlive this.
pub(super) async fn until_draining(drain: &mut watch::Receiver<bool>) {
    drop(drain.wait_for(|draining| *draining).await);
}

/// Runs what touches the disk on another thread: a change waits for the disk.
pub(super) async fn off_loop<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Box<Problem>> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "a request failed");
        ran_into_a_bug()
    })
}

pub(super) fn ran_into_a_bug() -> Box<Problem> {
    Box::new(Problem::new(
        ProblemCode::Internal,
        "the request ran into a bug in kt",
    ))
}
