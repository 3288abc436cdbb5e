//! The loop of one worker.

use super::pool::{Command, Seat};
use super::shared::Shared;
use crate::proxy;
use crate::snapshot::Snapshot;
use crate::upstream::Clients;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::LocalSet;
use tokio::time::{interval, sleep, timeout};

/// A client that takes longer for its headers is cut off.
const HEADERS: Duration = Duration::from_secs(30);
/// How often the loop shows that it turns.
const BEAT: Duration = Duration::from_millis(500);
/// How long a draining worker waits for the first request of a connection that
/// it has accepted. Measured with new connections at full load: without it, one
/// request in a thousand met a closed connection at each restart.
const FIRST_REQUEST: Duration = Duration::from_secs(1);
/// Pause after a failed accept, such as for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a request finds on its thread.
pub(crate) struct Local {
    pub(crate) shared: Arc<Shared>,
    pub(crate) clients: Clients,
    snapshot: RefCell<Arc<Snapshot>>,
    connections: Cell<usize>,
}

impl Local {
    /// The snapshot in force; a request asks once.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.borrow())
    }
}

/// Runs a worker until it is told to stop.
pub(crate) fn run(seat: Seat) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => LocalSet::new().block_on(&runtime, turn(seat)),
        Err(error) => tracing::error!("a worker has no runtime: {error}"),
    }
}

async fn turn(seat: Seat) {
    let Seat {
        listener,
        snapshot,
        shared,
        tls,
        mut commands,
        beat,
    } = seat;
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!("a worker cannot listen: {error}");
            return;
        }
    };
    let local = Rc::new(Local {
        clients: Clients::new(tls),
        snapshot: RefCell::new(snapshot),
        connections: Cell::new(0),
        shared,
    });
    let (stopping, stop) = watch::channel(false);
    tokio::task::spawn_local(keep_beating(Arc::clone(&local.shared), beat));
    let drain = loop {
        tokio::select! {
            command = commands.recv() => match command {
                Some(Command::Swap(snapshot, done)) => {
                    local.snapshot.replace(snapshot);
                    // Nobody waits any more when this fails.
                    let _unheard = done.send(());
                }
                Some(Command::Stop(drain)) => break drain,
                None => break Duration::ZERO,
            },
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tokio::task::spawn_local(connection(stream, Rc::clone(&local), stop.clone()));
                }
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    sleep(ACCEPT_PAUSE).await;
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
            connections = local.connections.get(),
            "connections were cut off after the drain time"
        );
    }
}

async fn keep_beating(shared: Arc<Shared>, beat: Arc<AtomicU64>) {
    let mut tick = interval(BEAT);
    loop {
        tick.tick().await;
        let now = u64::try_from(shared.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        beat.store(now, Ordering::Relaxed);
    }
}

async fn connection(stream: TcpStream, local: Rc<Local>, mut stop: watch::Receiver<bool>) {
    // Without it, small chunks of a stream wait for the client's
    // acknowledgement: 30 to 50 ms each.
    drop(stream.set_nodelay(true));
    local.connections.set(local.connections.get() + 1);
    let begun = Rc::new(Notify::new());
    let service = service_fn(|request| {
        begun.notify_one();
        let local = Rc::clone(&local);
        async move { Ok::<_, Infallible>(proxy::handle(request, local).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    let mut served = std::pin::pin!(served);
    let stopped = async {
        // Fails only when the worker is gone, which is a stop too.
        drop(stop.wait_for(|stopping| *stopping).await);
        // A client that has just connected is about to ask. The permit of an
        // earlier request is still there.
        drop(timeout(FIRST_REQUEST, begun.notified()).await);
    };
    tokio::select! {
        result = &mut served => report(result),
        () = stopped => {
            served.as_mut().graceful_shutdown();
            report(served.await);
        }
    }
    local.connections.set(local.connections.get() - 1);
}

fn report(result: Result<(), hyper::Error>) {
    if let Err(error) = result {
        tracing::debug!("a connection ended: {error}");
    }
}
