//! The event loop of one worker.

use super::config::{WorkerCommand, WorkerConfig};
use crate::proxy::{self, ProxyContext};
use crate::state::GatewayState;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::LocalSet;
use tokio::time::{interval, sleep, timeout};

/// The time limit for a client to send its headers.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(30);
/// The interval at which the event loop proves that it runs.
const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(500);
/// The time that a draining worker waits for the first request of an accepted
/// connection. Measured with new connections at full load: without it, one
/// request in a thousand met a closed connection at each restart.
const FIRST_REQUEST_TIMEOUT: Duration = Duration::from_secs(1);
/// The pause after a failed accept, such as for want of descriptors.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);

struct Worker {
    proxy: Rc<ProxyContext>,
    connections: Cell<usize>,
}

/// Runs a worker until it is stopped.
pub(super) fn run(config: WorkerConfig) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => LocalSet::new().block_on(&runtime, event_loop(config)),
        Err(error) => tracing::error!("cannot create the runtime of a worker: {error}"),
    }
}

async fn event_loop(config: WorkerConfig) {
    let WorkerConfig {
        listener,
        snapshot,
        state,
        tls,
        mut commands,
        heartbeat,
    } = config;
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!("a worker cannot listen: {error}");
            return;
        }
    };
    tokio::task::spawn_local(send_heartbeats(Arc::clone(&state), heartbeat));
    let worker = Rc::new(Worker {
        proxy: Rc::new(ProxyContext::new(state, snapshot, tls)),
        connections: Cell::new(0),
    });
    let (stopping, stop) = watch::channel(false);
    let drain = loop {
        tokio::select! {
            command = commands.recv() => match command {
                Some(WorkerCommand::Swap(snapshot, acknowledge)) => {
                    worker.proxy.swap(snapshot);
                    // Fails only when the control loop has given up waiting.
                    let _ignored = acknowledge.send(());
                }
                Some(WorkerCommand::Stop(drain)) => break drain,
                None => break Duration::ZERO,
            },
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tokio::task::spawn_local(serve(stream, Rc::clone(&worker), stop.clone()));
                }
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    sleep(ACCEPT_BACKOFF).await;
                }
            },
        }
    };
    drop(listener);
    stopping.send_replace(true);
    drop(stop);
    // Every connection holds a receiver; the channel closes with the last.
    if timeout(drain, stopping.closed()).await.is_err() {
        tracing::warn!(
            connections = worker.connections.get(),
            "connections were closed after the drain timeout"
        );
    }
}

async fn send_heartbeats(state: Arc<GatewayState>, heartbeat: Arc<AtomicU64>) {
    let mut tick = interval(HEARTBEAT_INTERVAL);
    loop {
        tick.tick().await;
        let now = u64::try_from(state.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        heartbeat.store(now, Ordering::Relaxed);
    }
}

async fn serve(stream: TcpStream, worker: Rc<Worker>, mut stop: watch::Receiver<bool>) {
    // Without it, small chunks of a stream wait for the client's
    // acknowledgment: 30 to 50 ms each.
    drop(stream.set_nodelay(true));
    worker.connections.set(worker.connections.get() + 1);
    let first_request = Rc::new(Notify::new());
    let service = service_fn(|request| {
        first_request.notify_one();
        let proxy = Rc::clone(&worker.proxy);
        async move { Ok::<_, Infallible>(proxy::handle(request, proxy).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let stopped = async {
        // Fails only when the worker has ended, which is a stop too.
        drop(stop.wait_for(|stopping| *stopping).await);
        // A client that has just connected is about to send a request. The permit
        // of an earlier request is still there.
        drop(timeout(FIRST_REQUEST_TIMEOUT, first_request.notified()).await);
    };
    tokio::select! {
        result = &mut connection => log_end(result),
        () = stopped => {
            connection.as_mut().graceful_shutdown();
            log_end(connection.await);
        }
    }
    worker.connections.set(worker.connections.get() - 1);
}

fn log_end(result: Result<(), hyper::Error>) {
    if let Err(error) = result {
        tracing::debug!("a connection ended: {error}");
    }
}
