//! Starts a server, runs it, and shuts it down.

use std::sync::Arc;
use std::time::Duration;

use kt_cancellation::Cancellation;
use kt_control_api::ServiceMode;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::admin_token::{ADMIN_TOKEN_FILE, ensure_admin_token};
use super::auth_failure_recorder::AuthFailureRecorder;
use super::backup_schedule::run_schedule;
use super::connection::Server;
use super::error::ServeError;
use super::idle_memory::IdleMemory;
use super::leases::{store_leases, store_leases_periodically};
use super::limits::RateLimits;
use super::listen::Listeners;
use super::notifier::Notifier;
use super::options::{ServeOptions, ServerInfo};
use super::peer::PeerOrigin;
use super::states::settle_periodically;
use super::storage::Storage;
use super::tls::{CertificateWatcher, TlsHandshake};
use crate::api::Api;
use crate::embedded::ServerLock;
use crate::metrics::Metrics;
use crate::store::prepare_directory;
use crate::validator::Validator;

/// How often failed authentications are logged that were not logged at once.
const LOG_INTERVAL: Duration = Duration::from_secs(10);
/// Number of threads for work that waits for the store. More than twice the connections to a
/// database, which are the most that such work can use at once. With the default of 512, waking
/// 10,000 long polls was measured to start all of them.
const BLOCKING_THREADS: usize = 40;
/// How long requests may take once the server drains.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves until `stop`, and then drains.
///
/// Calls `started` once connections are accepted.
///
/// # Errors
/// When the server cannot start. Errors of single connections are logged.
pub fn serve(
    options: &ServeOptions,
    validator: Arc<dyn Validator>,
    started: &mut dyn FnMut(&ServerInfo),
    stop: Cancellation<'_>,
) -> Result<(), ServeError> {
    if options.tls.is_none() && !options.listen.ip().is_loopback() {
        return Err(ServeError::NotLoopback(options.listen));
    }
    let tls = options.tls.as_ref().map(TlsHandshake::open).transpose()?;
    let (tls, certificate_watcher) = tls.unzip();
    prepare_directory(&options.directory)?;
    let _lock = ServerLock::take(&options.directory)?;
    let storage = Storage::open(&options.directory, options.database.as_ref())?;
    let store = storage.store();
    let default_token_file = options.directory.join(ADMIN_TOKEN_FILE);
    let admin_token_file = options
        .admin_token_file
        .clone()
        .unwrap_or(default_token_file);
    let admin_token_created = ensure_admin_token(
        &*store,
        &admin_token_file,
        options.admin_token_file.is_some(),
    )?;
    let metrics = Arc::new(Metrics::new(storage.wal_file(&options.directory)));
    let local_store = storage.local_store(&options.directory, &validator, &metrics)?;
    let (local_store, writer_thread) = local_store.unzip();
    let backups = storage.backups(&options.directory);
    let api = Api::with_system_clock(store, validator, ServiceMode::Server)
        .with_metrics(Arc::clone(&metrics))
        .with_backups(backups.clone())
        .with_renewed_leases(Arc::default());
    let api = match &local_store {
        Some(store) => api.with_background_writer(Arc::new(store.write_queue().clone())),
        None => api,
    };
    let scheduled_backups = options.backups.zip(backups);
    let notifier = Notifier::default();
    let limits = RateLimits::new(options.max_requests_per_second);
    let _remote_changes = storage.watch(&notifier, &metrics);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listeners = Listeners::bind(options.listen, &options.directory)?;
        let _watcher = certificate_watcher.map(CertificateWatcher::spawn);
        let (recorder, recording) = AuthFailureRecorder::new(api.clone());
        limits.on_auth_failures(move |summary| recorder.record(summary));
        drop(tokio::spawn(recording));
        let _scheduled = scheduled_backups
            .map(|(schedule, backups)| tokio::spawn(run_schedule(schedule, api.clone(), backups)));
        started(&ServerInfo {
            address: listeners.address(),
            tls: tls.is_some(),
            socket: listeners.socket().to_owned(),
            admin_token_file,
            admin_token_created,
        });
        let in_file = local_store.is_some();
        let server = Server::new(api.clone(), notifier, local_store, limits, metrics);
        let token_uses = server.token_uses().clone();
        drop(tokio::spawn(
            token_uses.clone().flush_periodically(api.clone()),
        ));
        drop(tokio::spawn(settle_periodically(api.clone())));
        drop(tokio::spawn(store_leases_periodically(api.clone())));
        accept_connections(listeners, server, tls, stop).await;
        // A database may be unreachable, and the uses of a minute are not worth the wait. The leases
        // that it has last for longer than an interval between reports.
        if in_file {
            token_uses.flush(&api).await;
            store_leases(&api).await;
        }
        Ok::<_, ServeError>(())
    })?;
    // The writer thread ends when the last handle of its queue is dropped. Connections that were
    // closed at the end of the drain drop theirs with the runtime.
    drop(runtime);
    drop(api);
    if let Some(thread) = writer_thread {
        thread.join();
    }
    if let Err(error) = storage.close() {
        // For example on a full disk. Acknowledged changes are in the write-ahead log.
        tracing::warn!(
            %error,
            "the write-ahead log was not merged into the store: keep both files together"
        );
    }
    Ok(())
}

async fn accept_connections(
    listeners: Listeners,
    server: Server,
    tls: Option<TlsHandshake>,
    stop: Cancellation<'_>,
) {
    let (drain_sender, drain) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut log_interval = tokio::time::interval(LOG_INTERVAL);
    let mut idle_memory = IdleMemory::default();
    let stopped = stop.wait();
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            accepted = listeners.accept_tcp() => {
                let server = server.clone();
                match (accepted, &tls) {
                    (Some((stream, address)), Some(tls)) => {
                        let origin = PeerOrigin::Tls(address);
                        let served = server.serve_tls(stream, origin, tls.clone(), drain.clone());
                        drop(connections.spawn(served));
                    }
                    (Some((stream, address)), None) => {
                        let origin = PeerOrigin::Tcp(address);
                        drop(connections.spawn(server.serve(stream, origin, drain.clone())));
                    }
                    (None, _) => {}
                }
            }
            accepted = listeners.accept_unix() => {
                if let Some((stream, uid)) = accepted {
                    let origin = PeerOrigin::Unix(uid);
                    drop(connections.spawn(server.clone().serve(stream, origin, drain.clone())));
                }
            }
            Some(_) = connections.join_next() => {}
            _ = log_interval.tick() => {
                server.limits().log_pending();
                idle_memory.release(connections.len());
            }
        }
        idle_memory.record(connections.len());
    }
    drop(listeners);
    drain_sender.send_replace(true);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN_TIMEOUT, drained).await.is_err() {
        tracing::warn!("drain timed out; the remaining connections were closed");
    }
}
