//! The event loop of one worker.

use super::config::{WorkerCommand, WorkerConfig};
use super::connection;
use crate::proxy::ProxyContext;
use crate::state::GatewayState;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::LocalOptions;
use tokio::sync::watch;
use tokio::time::{interval, sleep, timeout};

/// The interval at which the event loop proves that it runs.
const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(500);
/// The blocking threads of a worker, which evaluate long texts and resolve names.
const MAX_BLOCKING_THREADS: usize = 4;
/// The pause after a failed accept, such as for want of descriptors.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);

/// Runs a worker until it is stopped.
pub(super) fn run(config: WorkerConfig) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(MAX_BLOCKING_THREADS)
        .build_local(LocalOptions::default());
    match runtime {
        Ok(runtime) => runtime.block_on(event_loop(config)),
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
    let proxy = Rc::new(ProxyContext::new(state, snapshot, tls));
    let connections = Rc::new(Cell::new(0_usize));
    let (stopping, stop) = watch::channel(false);
    let drain = loop {
        tokio::select! {
            command = commands.recv() => match command {
                Some(WorkerCommand::Swap(snapshot, acknowledge)) => {
                    proxy.swap(snapshot);
                    // Fails only when the control loop has given up waiting.
                    let _ignored = acknowledge.send(());
                }
                Some(WorkerCommand::Stop(drain)) => break drain,
                None => break Duration::ZERO,
            },
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let (proxy, stop) = (Rc::clone(&proxy), stop.clone());
                    let connections = Rc::clone(&connections);
                    tokio::task::spawn_local(async move {
                        connections.set(connections.get() + 1);
                        // Called here: a future that is captured is kept twice.
                        connection::serve(stream, peer.ip(), proxy, stop).await;
                        connections.set(connections.get() - 1);
                    });
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
            connections = connections.get(),
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
