//! The store behind a server: the file of its directory, or a database that it shares.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use kt_control_api::{GatewayId, Service, TokenHash};

use super::ServeError;
use super::changes::{Changes, Worker};
use super::hub::Hub;
use crate::api::Api;
use crate::store::{
    Address, DATABASE_FILE, KnownTokens, Postgres, Sqlite, Store, StoreError, TokenRecord, Waiters,
};
use crate::validator::Validator;

/// An opened store, and what only its kind can do.
pub(super) enum Storage {
    File(Arc<Sqlite>),
    Shared(Arc<Postgres>),
}

/// What only a store in a file has.
pub(super) struct Own {
    changes: Changes,
    tokens: Mutex<KnownTokens>,
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
    pub(super) fn open(directory: &Path, database: Option<&Address>) -> Result<Self, StoreError> {
        Ok(match database {
            Some(address) => Self::Shared(Arc::new(Postgres::open(address)?)),
            None => Self::File(Arc::new(Sqlite::open(&directory.join(DATABASE_FILE))?)),
        })
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
    ) -> Result<Option<(Own, Worker)>, ServeError> {
        let Self::File(_) = self else {
            return Ok(None);
        };
        let path = directory.join(DATABASE_FILE);
        let session = Arc::new(Sqlite::session(&path)?);
        let store = Arc::clone(&session) as _;
        let api = Api::with_system_clock(store, Arc::clone(validator), Service::Server);
        let (changes, worker) = Changes::start(session, api)?;
        let tokens = Mutex::new(KnownTokens::open(&path)?);
        Ok(Some((Own { changes, tokens }, worker)))
    }

    /// Wakes those who wait in the hub for changes that other servers make, as long as the
    /// returned value lives.
    pub(super) fn watch(&self, hub: &Hub) -> Option<Arc<Hub>> {
        let Self::Shared(store) = self else {
            return None; // The server's lock on the directory keeps others out.
        };
        let hub = Arc::new(hub.clone());
        let waiters: Arc<dyn Waiters> = Arc::clone(&hub) as _;
        store.watch(Arc::downgrade(&waiters) as Weak<_>);
        Some(hub)
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

impl Waiters for Hub {
    fn waited_for(&self) -> Vec<GatewayId> {
        Self::waited_for(self)
    }

    fn tell(&self, gateway: &GatewayId) {
        Self::tell_of(self, gateway);
    }
}
