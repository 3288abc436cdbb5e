//! The store of a server: a file in its directory, or a database that servers share.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use kt_control_api::{GatewayId, ServiceMode, TokenHash, TokenId};

use super::error::ServeError;
use super::notifier::Notifier;
use super::write_queue::{WriteQueue, WriterThread};
use crate::api::{Api, WakeTarget};
use crate::metrics::Metrics;
use crate::store::{
    BackupDirectory, ChangeListeners, DATABASE_FILE, DatabaseAddress, PostgresStore, SqliteStore,
    Store, StoreError, TokenCache, TokenRecord,
};
use crate::validator::Validator;

/// An open store.
pub(super) enum Storage {
    File(Arc<SqliteStore>),
    Database(Arc<PostgresStore>),
}

/// What only a store in a file has: a write queue, a cache of tokens, and a connection for reading
/// without waiting.
pub(super) struct LocalStore {
    write_queue: WriteQueue,
    tokens: Mutex<TokenCache>,
    immediate: Arc<dyn Store>,
}

/// Receives the changes that other servers make to a shared database.
pub(super) struct RemoteChanges {
    notifier: Notifier,
    metrics: Arc<Metrics>,
}

impl LocalStore {
    pub(super) fn write_queue(&self) -> &WriteQueue {
        &self.write_queue
    }

    /// Returns the store for reading on the event loop.
    pub(super) fn immediate(&self) -> Arc<dyn Store> {
        Arc::clone(&self.immediate)
    }

    /// Returns a token if it can be read without waiting.
    pub(super) fn cached_token(&self, hash: &TokenHash) -> Option<TokenRecord> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.find(hash).ok().flatten()
    }
}

impl Storage {
    /// Opens the database, or without one the file in the directory.
    pub(super) fn open(
        directory: &Path,
        database: Option<&DatabaseAddress>,
    ) -> Result<Self, StoreError> {
        Ok(match database {
            Some(address) => Self::Database(Arc::new(PostgresStore::open(address)?)),
            None => Self::File(Arc::new(SqliteStore::open(&directory.join(DATABASE_FILE))?)),
        })
    }

    /// Returns the path of the write-ahead log of a file.
    pub(super) fn wal_file(&self, directory: &Path) -> Option<PathBuf> {
        let Self::File(_) = self else { return None };
        Some(directory.join(format!("{DATABASE_FILE}-wal")))
    }

    /// Returns the backups of a file.
    pub(super) fn backups(&self, directory: &Path) -> Option<Arc<BackupDirectory>> {
        let Self::File(_) = self else { return None };
        Some(Arc::new(BackupDirectory::of(directory)))
    }

    pub(super) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::File(store) => Arc::clone(store) as _,
            Self::Database(store) => Arc::clone(store) as _,
        }
    }

    /// Starts the write queue of a file and opens its cache of tokens.
    pub(super) fn local_store(
        &self,
        directory: &Path,
        validator: &Arc<dyn Validator>,
        metrics: &Arc<Metrics>,
    ) -> Result<Option<(LocalStore, WriterThread)>, ServeError> {
        let Self::File(_) = self else {
            return Ok(None);
        };
        let path = directory.join(DATABASE_FILE);
        let session = Arc::new(SqliteStore::open_for_group_commit(&path)?);
        let immediate = SqliteStore::open_for_immediate_reads(&path, session.schema())?;
        let store = Arc::clone(&session) as _;
        let api = Api::with_system_clock(store, Arc::clone(validator), ServiceMode::Server)
            .with_metrics(Arc::clone(metrics));
        let (write_queue, thread) = WriteQueue::start(session, api, Arc::clone(metrics))?;
        let tokens = Mutex::new(TokenCache::open(&path)?);
        let local_store = LocalStore {
            write_queue,
            tokens,
            immediate: Arc::new(immediate),
        };
        Ok(Some((local_store, thread)))
    }

    /// Notifies waiting requests of the changes of other servers while the returned value lives.
    pub(super) fn watch(
        &self,
        notifier: &Notifier,
        metrics: &Arc<Metrics>,
    ) -> Option<Arc<RemoteChanges>> {
        let Self::Database(store) = self else {
            return None; // The server's lock excludes other servers.
        };
        let changes = Arc::new(RemoteChanges {
            notifier: notifier.clone(),
            metrics: Arc::clone(metrics),
        });
        let listeners: Arc<dyn ChangeListeners> = Arc::clone(&changes) as _;
        store.listen(Arc::downgrade(&listeners) as Weak<_>);
        Some(changes)
    }

    /// Merges the write-ahead log, so that a copy of the file is complete.
    pub(super) fn close(&self) -> Result<(), StoreError> {
        match self {
            Self::File(store) => store.checkpoint(),
            Self::Database(_) => Ok(()),
        }
    }
}

impl ChangeListeners for RemoteChanges {
    fn watched_gateways(&self) -> Vec<GatewayId> {
        self.notifier.watched_gateways()
    }

    fn gateway_changed(&self, gateway: &GatewayId) {
        self.notifier.notify(&WakeTarget::Gateway(gateway.clone()));
    }

    fn token_ended(&self, token: &TokenId) {
        self.notifier.notify(&WakeTarget::Token(token.clone()));
    }

    fn notification_missed(&self, _gateway: &GatewayId) {
        self.metrics.count_sweep_repair();
    }

    fn notification_round_trip(&self, after: Duration) {
        self.metrics.observe_notify_lag(after);
    }
}
