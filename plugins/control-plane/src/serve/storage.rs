//! The store behind a server: the file of its directory, or a database that it shares.

use std::path::Path;
use std::sync::{Arc, Weak};

use kt_control_api::GatewayId;

use super::hub::Hub;
use crate::store::{Address, DATABASE_FILE, Postgres, Sqlite, Store, StoreError, Waiters};

/// An opened store, and what only its kind can do.
pub(super) enum Storage {
    File(Arc<Sqlite>),
    Shared(Arc<Postgres>),
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
