//! The store over one connection for changes and one for reading.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kt_control_api::{
    AuditEntry, ConfigVersion, GatewayId, GatewayPatch, Revert, StatusReport, Timestamp, TokenHash,
    TokenId,
};
use rusqlite::{Connection, Transaction};

use super::group::Group;
use super::once::once;
use super::patience::{begin, patiently};
use super::{
    audit, backup, changes, connection, contents, file, gateways, instances, migrate, tokens,
};
use crate::crash::crash_point;
use crate::store::decide::Wish;
use crate::store::{
    Ask, AuditFilter, Change, Key, ListFilter, NewGateway, NewToken, NewVersion, Receipt,
    Repeatable, ReportReceipt, Snapshot, Store, StoreError, TokenFilter, TokenReceipt, TokenRecord,
};

/// Name of the file in the state directory.
pub const DATABASE_FILE: &str = "control-plane.db";

/// The store in one SQLite file.
///
/// Several processes, and several of these in one process, may use the same file at once.
#[derive(Debug)]
pub struct Sqlite {
    writer: Mutex<Connection>,
    group: Group,
    reader: Mutex<Connection>,
    schema: u32,
}

impl Sqlite {
    /// Opens the file, and makes it, its directory and its schema when they are missing.
    ///
    /// # Errors
    /// When others could tamper with the file, when it is not a store of the control plane, when
    /// a newer kt made it that this one may not follow, or when it cannot be read and written.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        file::prepare(path)?;
        let writer = connection::open(path)?;
        let schema = migrate::migrate(&writer)?;
        let reader = connection::open(path)?;
        reader.pragma_update(None, "query_only", true)?;
        Ok(Self {
            writer: Mutex::new(writer),
            group: Group::default(),
            reader: Mutex::new(reader),
            schema,
        })
    }

    /// Newest schema this program knows.
    #[must_use]
    pub fn newest_schema() -> u32 {
        migrate::NEWEST
    }

    /// Folds the write-ahead log into the file, so that the file alone is the store.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        let writer = locked(&self.writer);
        patiently(|| writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())))
    }

    /// Opens a file for looking at it alone: it is neither made nor migrated, nor changed at all.
    ///
    /// # Errors
    /// When it is not there, is no store of the schema this program knows, or cannot be read.
    pub fn inspect(path: &Path) -> Result<Self, StoreError> {
        let look = || connection::read_only(path);
        Ok(Self {
            writer: Mutex::new(look()?),
            group: Group::default(),
            schema: migrate::known(&look()?)?,
            reader: Mutex::new(look()?),
        })
    }

    pub(super) fn read<T>(
        &self,
        mut look: impl FnMut(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut reader = locked(&self.reader);
        // One transaction, so that a gateway and its instances are of the same moment. The first
        // read inside it is where others can be in the way.
        let transaction = reader.transaction()?;
        patiently(|| {
            let mut first = transaction.prepare_cached("SELECT count(*) FROM meta")?;
            first.query_row([], |_| Ok(()))
        })?;
        look(&transaction)
    }

    /// What SQLite itself finds wrong with the file: its pages, indexes and references.
    ///
    /// # Errors
    /// When it cannot be read at all.
    pub fn file_damage(&self) -> Result<Vec<String>, StoreError> {
        backup::file_damage(&locked(&self.reader))
    }

    fn write<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.group.write(&self.writer, act)
    }

    /// Changes something in a transaction that is not shared, however long it takes.
    pub(super) fn write_alone<T>(
        &self,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let writer = locked(&self.writer);
        let transaction = begin(&writer)?;
        let done = act(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    fn change<R: Repeatable + Send + 'static>(
        &self,
        change: &Change,
        points: Points,
        act: impl FnOnce(&Transaction<'_>, &Change) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        crash_point(points.before);
        let change = change.clone();
        let receipt = self
            .write(move |transaction| once(transaction, &change, || act(transaction, &change)))?;
        crash_point(points.committed);
        Ok(receipt)
    }

    /// `wish` says what is wished of what it is given.
    fn change_gateway<T: Clone + Send + 'static>(
        &self,
        change: &Change,
        points: Points,
        key: &Key,
        with: &T,
        wish: fn(&T) -> Wish<'_>,
    ) -> Result<Receipt, StoreError> {
        let (key, with) = (key.clone(), with.clone());
        self.change(change, points, move |transaction, change| {
            changes::change(transaction, change, &key, wish(&with))
        })
    }
}

/// Where a test may kill the process around a transaction.
struct Points {
    before: &'static str,
    committed: &'static str,
}

const CREATE: Points = Points {
    before: "create.before",
    committed: "create.committed",
};
const RELOAD: Points = Points {
    before: "reload.before",
    committed: "reload.committed",
};
const REVERT: Points = Points {
    before: "revert.before",
    committed: "revert.committed",
};
const ROTATE: Points = Points {
    before: "rotate.before",
    committed: "rotate.committed",
};
const OTHER: Points = Points {
    before: "change.before",
    committed: "change.committed",
};

/// A panic while the lock was held has rolled its transaction back: the connection is sound.
fn locked(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store for Sqlite {
    fn epoch(&self) -> Result<String, StoreError> {
        let sql = "SELECT v FROM meta WHERE k = 'epoch'";
        self.read(|connection| {
            Ok(connection
                .prepare_cached(sql)?
                .query_row([], |row| row.get(0))?)
        })
    }

    fn schema(&self) -> u32 {
        self.schema
    }

    fn pulse(&self) -> Result<u64, StoreError> {
        // Moves when any other connection commits, and all changes are made on another one.
        let reader = locked(&self.reader);
        patiently(|| reader.pragma_query_value(None, "data_version", |row| row.get(0)))
    }

    fn probe(&self) -> Result<(), StoreError> {
        self.write(|transaction| {
            let sql = "INSERT INTO meta(k, v) VALUES('probe', '') ON CONFLICT(k) DO NOTHING";
            transaction.execute(sql, [])?;
            Ok(())
        })
    }

    fn find(&self, key: &Key) -> Result<Snapshot, StoreError> {
        self.read(|connection| gateways::snapshot(connection, key))
    }

    fn list(&self, filter: &ListFilter) -> Result<Vec<Snapshot>, StoreError> {
        self.read(|connection| gateways::list(connection, filter))
    }

    fn versions(
        &self,
        gateway: &GatewayId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ConfigVersion>, StoreError> {
        self.read(|connection| Ok(contents::list(connection, gateway, before, limit)?))
    }

    fn version(&self, gateway: &GatewayId, version: u64) -> Result<ConfigVersion, StoreError> {
        let found = self.read(|connection| Ok(contents::one(connection, gateway, version)?))?;
        found.ok_or_else(|| StoreError::no_version(version))
    }

    fn content(&self, gateway: &GatewayId, version: u64) -> Result<String, StoreError> {
        let found = self.read(|connection| Ok(contents::content(connection, gateway, version)?))?;
        found.ok_or_else(|| StoreError::no_version(version))
    }

    fn create(&self, change: &Change, new: &NewGateway) -> Result<Receipt, StoreError> {
        let new = new.clone();
        self.change(change, CREATE, move |transaction, change| {
            changes::create(transaction, change, &new)
        })
    }

    fn update(
        &self,
        change: &Change,
        key: &Key,
        patch: &GatewayPatch,
    ) -> Result<Receipt, StoreError> {
        self.change_gateway(change, OTHER, key, patch, |with| Wish::Update(with))
    }

    fn delete(&self, change: &Change, key: &Key) -> Result<Receipt, StoreError> {
        self.change_gateway(change, OTHER, key, &(), |()| Wish::Delete)
    }

    fn publish(&self, change: &Change, key: &Key, new: &NewVersion) -> Result<Receipt, StoreError> {
        self.change_gateway(change, RELOAD, key, new, |with| Wish::Publish(with))
    }

    fn revert(&self, change: &Change, key: &Key, revert: &Revert) -> Result<Receipt, StoreError> {
        self.change_gateway(change, REVERT, key, revert, |with| Wish::Revert(with))
    }

    fn ask(&self, change: &Change, key: &Key, ask: &Ask) -> Result<Receipt, StoreError> {
        let points = if matches!(ask, Ask::Reload { .. }) {
            RELOAD
        } else {
            OTHER
        };
        self.change_gateway(change, points, key, ask, |with| Wish::Ask(with))
    }

    fn report(
        &self,
        now: Timestamp,
        key: &Key,
        report: &StatusReport,
    ) -> Result<ReportReceipt, StoreError> {
        let (key, report) = (key.clone(), report.clone());
        self.write(move |transaction| {
            let gateway = gateways::find(transaction, &key)?;
            instances::report(transaction, now, &gateway, &report)
        })
    }

    fn add_token(&self, change: &Change, token: &NewToken) -> Result<(), StoreError> {
        let (change, token) = (change.clone(), token.clone());
        self.write(move |transaction| {
            if tokens::add(transaction, &change, &token)? {
                tokens::record(transaction, &change, &token)?;
            }
            Ok(())
        })
    }

    fn token(&self, hash: &TokenHash) -> Result<Option<TokenRecord>, StoreError> {
        self.read(|connection| Ok(tokens::find(connection, hash)?))
    }

    fn has_admin_token(&self, now: Timestamp) -> Result<bool, StoreError> {
        self.read(|connection| Ok(tokens::has_admin(connection, now)?))
    }

    fn create_token(&self, change: &Change, new: &NewToken) -> Result<TokenReceipt, StoreError> {
        let new = new.clone();
        self.change(change, OTHER, move |transaction, change| {
            tokens::create(transaction, change, &new)
        })
    }

    fn tokens(&self, filter: &TokenFilter) -> Result<Vec<TokenRecord>, StoreError> {
        self.read(|connection| Ok(tokens::list(connection, filter)?))
    }

    fn token_by_id(&self, id: &TokenId) -> Result<TokenRecord, StoreError> {
        self.read(|connection| tokens::by_id(connection, id))
    }

    fn revoke_token(&self, change: &Change, id: &TokenId) -> Result<TokenReceipt, StoreError> {
        let id = id.clone();
        self.change(change, OTHER, move |transaction, change| {
            tokens::revoke(transaction, change, &id)
        })
    }

    fn rotate_token(
        &self,
        change: &Change,
        old: &TokenId,
        new: &NewToken,
        until: Timestamp,
    ) -> Result<TokenReceipt, StoreError> {
        let (old, new) = (old.clone(), new.clone());
        self.change(change, ROTATE, move |transaction, change| {
            tokens::rotate(transaction, change, &old, &new, until)
        })
    }

    fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, StoreError> {
        self.read(|connection| Ok(audit::list(connection, filter)?))
    }
}
