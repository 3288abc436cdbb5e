//! The store behind a server: the file of its directory, or a database that it shares.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use kt_control_api::{GatewayId, ServiceMode, TokenHash};

use super::ServeError;
use super::changes::{Changes, Worker};
use super::hub::Hub;
use crate::api::Api;
use crate::metrics::Metrics;
use crate::store::{
    BackupDirectory, ChangeListeners, DATABASE_FILE, DatabaseAddress, PostgresStore, SqliteStore,
    Store, StoreError, TokenCache, TokenRecord,
};
use crate::validator::Validator;

/// An opened store, and what only its kind can do.
pub(super) enum Storage {
    File(Arc<SqliteStore>),
    Shared(Arc<PostgresStore>),
}

/// What only a store in a file has.
pub(super) struct Own {
    changes: Changes,
    tokens: Mutex<TokenCache>,
}

/// Those who wait at this server, to whom other servers tell their changes.
pub(super) struct Waiting {
    hub: Hub,
    metrics: Arc<Metrics>,
}

impl Own {
    pub(super) fn changes(&self) -> &Changes {
        &self.changes
    }

    /// What is known of a token, unless finding it out takes a wait.
    pub(super) fn token(&self, hash: &TokenHash) -> Option<TokenRecord> {
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
            Some(address) => Self::Shared(Arc::new(PostgresStore::open(address)?)),
            None => Self::File(Arc::new(SqliteStore::open(&directory.join(DATABASE_FILE))?)),
        })
    }

    /// Where the write-ahead log of a file is.
    pub(super) fn wal_file(&self, directory: &Path) -> Option<PathBuf> {
        let Self::File(_) = self else { return None };
        Some(directory.join(format!("{DATABASE_FILE}-wal")))
    }

    /// The backups of a file.
    pub(super) fn backups(&self, directory: &Path) -> Option<Arc<BackupDirectory>> {
        let Self::File(_) = self else { return None };
        Some(Arc::new(BackupDirectory::of(directory)))
    }

    pub(super) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::File(store) => Arc::clone(store) as _,
            Self::Shared(store) => Arc::clone(store) as _,
        }
    }

    /// What only a store in a file has: a thread that makes its changes, and tokens at hand.
    pub(super) fn own(
        &self,
        directory: &Path,
        validator: &Arc<dyn Validator>,
        metrics: &Arc<Metrics>,
    ) -> Result<Option<(Own, Worker)>, ServeError> {
        let Self::File(_) = self else {
            return Ok(None);
        };
        let path = directory.join(DATABASE_FILE);
        let session = Arc::new(SqliteStore::open_for_group_commit(&path)?);
        let store = Arc::clone(&session) as _;
        let api = Api::with_system_clock(store, Arc::clone(validator), ServiceMode::Server)
            .measured(Arc::clone(metrics));
        let (changes, worker) = Changes::start(session, api, Arc::clone(metrics))?;
        let tokens = Mutex::new(TokenCache::open(&path)?);
        Ok(Some((Own { changes, tokens }, worker)))
    }

    /// Wakes those who wait in the hub for changes that other servers make, as long as the
    /// returned value lives.
    pub(super) fn watch(&self, hub: &Hub, metrics: &Arc<Metrics>) -> Option<Arc<Waiting>> {
        let Self::Shared(store) = self else {
            return None; // The server's lock on the directory keeps others out.
        };
        let waiting = Arc::new(Waiting {
            hub: hub.clone(),
            metrics: Arc::clone(metrics),
        });
        let waiters: Arc<dyn ChangeListeners> = Arc::clone(&waiting) as _;
        store.listen(Arc::downgrade(&waiters) as Weak<_>);
        Some(waiting)
    }

    /// Leaves everything in order.
    pub(super) fn close(&self) -> Result<(), StoreError> {
        match self {
            // Whoever copies the file of a server that ended must find everything in it.
            Self::File(store) => store.checkpoint(),
            Self::Shared(_) => Ok(()),
        }
    }
}

impl ChangeListeners for Waiting {
    fn watched_gateways(&self) -> Vec<GatewayId> {
        self.hub.waited_for()
    }

    fn gateway_changed(&self, gateway: &GatewayId) {
        self.hub.tell_of(gateway);
    }

    fn notification_missed(&self, _gateway: &GatewayId) {
        self.metrics.repaired();
    }

    fn notification_round_trip(&self, after: Duration) {
        self.metrics.heard_itself(after);
    }
}
