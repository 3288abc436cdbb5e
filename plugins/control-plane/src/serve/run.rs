//! Start, serve, stop in order.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kt_control_api::ServiceMode;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::auth::Door;
use super::connection::Server;
use super::hub::Hub;
use super::limits::Limits;
use super::listen::Listeners;
use super::recorder::Recorder;
use super::schedule::{self, Schedule};
use super::storage::Storage;
use super::tls::{Rotation, Tls, TlsConfigError, TlsFiles};
use super::{ADMIN_TOKEN_FILE, admin};
use crate::api::Api;
use crate::embedded::{LockError, ServerLock};
use crate::metrics::Metrics;
use crate::store::{DatabaseAddress, StoreError, prepare_directory};
use crate::validator::Validator;

/// How often to look whether the caller wants the server to end.
const NAP: Duration = Duration::from_millis(50);
/// How long requests in progress may take once the server is to end.
const DRAIN: Duration = Duration::from_secs(10);

/// What to serve, and where.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// The state directory: store, lock, socket and administrator's token lie in it.
    pub directory: PathBuf,
    /// The database to use instead of a file in the directory. Other servers may use it too.
    pub database: Option<DatabaseAddress>,
    /// Where to listen. Without TLS only at a loopback address.
    pub listen: SocketAddr,
    /// The certificate to show. With one, TLS alone is spoken over TCP.
    pub tls: Option<TlsFiles>,
    /// A file that holds a token which may do everything, instead of a new one.
    pub admin_token_file: Option<PathBuf>,
    /// Requests of one token each second, at most [`MOST_PER_SECOND`](super::MOST_PER_SECOND);
    /// 0 sets no limits.
    pub max_requests_per_second: u32,
    /// Backups to make; only of a file.
    pub backups: Option<Schedule>,
}

/// What a server that has started tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The address, with the port that was chosen if the wanted one was 0.
    pub address: SocketAddr,
    /// Whether TLS is spoken there.
    pub tls: bool,
    /// The socket for users of this machine.
    pub socket: PathBuf,
    /// Where the administrator's token is.
    pub admin_token_file: PathBuf,
    /// Whether it was made by this start.
    pub admin_token_created: bool,
}

impl Started {
    /// Where clients find the server.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }
}

/// Says why a server did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address can be reached from other machines.
    #[error("{0} can be reached from other machines, which needs TLS")]
    NotLoopback(SocketAddr),
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsConfigError),
    /// The store is in use.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(String, io::Error),
    /// The administrator's token cannot be read or written.
    #[error("the administrator's token in {0} cannot be used: {1}")]
    AdminToken(PathBuf, String),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system refused something.
    #[error("the server cannot run: {0}")]
    System(#[from] io::Error),
}

/// Serves until `stop` says so, and then ends in order.
///
/// Calls `started` once connections are accepted.
///
/// # Errors
/// When it cannot start. What goes wrong with single connections is logged.
pub fn serve(
    options: &ServeOptions,
    validator: Arc<dyn Validator>,
    started: &mut dyn FnMut(&Started),
    stop: &dyn Fn() -> bool,
) -> Result<(), ServeError> {
    if options.tls.is_none() && !options.listen.ip().is_loopback() {
        return Err(ServeError::NotLoopback(options.listen));
    }
    let (tls, rotation) = options.tls.as_ref().map(Tls::open).transpose()?.unzip();
    prepare_directory(&options.directory)?;
    let _lock = ServerLock::take(&options.directory)?;
    let storage = Storage::open(&options.directory, options.database.as_ref())?;
    let store = storage.store();
    let default = options.directory.join(ADMIN_TOKEN_FILE);
    let token_file = options.admin_token_file.clone().unwrap_or(default);
    let created = admin::ensure_token(&*store, &token_file, options.admin_token_file.is_some())?;
    let metrics = Arc::new(Metrics::new(storage.wal_file(&options.directory)));
    let own = storage.own(&options.directory, &validator, &metrics)?;
    let (own, worker) = own.unzip();
    let api = Api::with_system_clock(store, validator, ServiceMode::Server);
    let backups = storage.backups(&options.directory);
    let api = api
        .measured(Arc::clone(&metrics))
        .backed_up(backups.clone());
    let api = match &own {
        Some(own) => api.noting(Arc::new(own.changes().clone())),
        None => api,
    };
    let scheduled = options.backups.zip(backups);
    let hub = Hub::default();
    let limits = Limits::new(options.max_requests_per_second);
    let _watching = storage.watch(&hub, &metrics);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listeners = Listeners::bind(options.listen, &options.directory)?;
        let _following = rotation.map(Rotation::spawn);
        let (recorder, recording) = Recorder::new(api.clone());
        limits.record_with(recorder);
        drop(tokio::spawn(recording));
        let _scheduled = scheduled.map(|(schedule, backups)| {
            tokio::spawn(schedule::follow(schedule, api.clone(), backups))
        });
        started(&Started {
            address: listeners.address(),
            tls: tls.is_some(),
            socket: listeners.socket().to_owned(),
            admin_token_file: token_file,
            admin_token_created: created,
        });
        let in_file = own.is_some();
        let server = Server::new(api.clone(), hub, own, limits, metrics);
        let uses = server.uses().clone();
        drop(tokio::spawn(uses.clone().follow(api.clone())));
        run(listeners, server, tls, stop).await;
        // A database may be away, and a minute of uses is not worth the wait for it.
        if in_file {
            uses.write(&api).await;
        }
        Ok::<_, ServeError>(())
    })?;
    // Connections that were cut let go of it with the runtime. Nothing may be left that could ask
    // for a change.
    drop(runtime);
    drop(api);
    if let Some(worker) = worker {
        worker.end();
    }
    if let Err(error) = storage.close() {
        // As on a full disk. Nothing is lost: what was acknowledged is in the log.
        tracing::warn!(%error, "the write-ahead log stays beside the file: keep both together");
    }
    Ok(())
}

async fn run(listeners: Listeners, server: Server, tls: Option<Tls>, stop: &dyn Fn() -> bool) {
    let (draining, drain) = watch::channel(false);
    let mut connections = JoinSet::new();
    while !stop() {
        tokio::select! {
            accepted = listeners.tcp() => {
                match (accepted, &tls) {
                    (Some((stream, from)), Some(tls)) => {
                        let door = Door::Tls(from);
                        let served =
                            server.clone().serve_tls(stream, door, tls.clone(), drain.clone());
                        drop(connections.spawn(served));
                    }
                    (Some((stream, from)), None) => {
                        let served = server.clone().serve(stream, Door::Plain(from), drain.clone());
                        drop(connections.spawn(served));
                    }
                    (None, _) => {}
                }
            }
            accepted = listeners.local() => {
                if let Some((stream, uid)) = accepted {
                    let served = server.clone().serve(stream, Door::Local(uid), drain.clone());
                    drop(connections.spawn(served));
                }
            }
            () = tokio::time::sleep(NAP) => {}
        }
        while connections.try_join_next().is_some() {}
        server.limits().tell_log();
    }
    drop(listeners);
    draining.send_replace(true);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, ended).await.is_err() {
        tracing::warn!("connections were cut: they did not end in time");
    }
}
