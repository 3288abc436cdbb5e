//! The store over one connection for changes and one for reading.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kt_control_api::{
    AuditEntry, ConfigVersion, GatewayId, GatewayPatch, RevertRequest, StatusReport, Timestamp,
    TokenHash, TokenId,
};
use rusqlite::Connection;

use super::once::once;
use super::patience::{begin, patiently};
use super::points::{CREATE, OTHER, PRUNE, Points, RELOAD, REVERT, ROTATE};
use super::session::{self, Session};
use super::writing::Writing;
use super::{
    audit, backup, changes, connection, contents, file, gateways, instances, migrate, retention,
    tokens,
};
use crate::crash::crash_point;
use crate::store::decide::Wish;
use crate::store::{
    Ask, AuditFilter, Change, Key, ListFilter, NewGateway, NewToken, NewVersion, Note, Prune,
    Pruned, Receipt, Repeatable, ReportReceipt, Snapshot, Store, StoreError, TokenFilter,
    TokenReceipt, TokenRecord, TokenUse,
};

/// Name of the file in the state directory.
pub const DATABASE_FILE: &str = "control-plane.db";

/// The store in one SQLite file.
///
/// Several processes, and several of these in one process, may use the same file at once.
#[derive(Debug)]
pub struct Sqlite {
    hands: Hands,
    schema: u32,
}

/// How the file is used.
#[derive(Debug)]
enum Hands {
    /// Each change in a transaction of its own. Who reads does not wait for changes.
    Apart {
        writer: Mutex<Connection>,
        reader: Mutex<Connection>,
    },
    /// What is done between the begin and the end of a transaction is part of it.
    Together(Mutex<Session>),
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
        Ok(Self::apart(writer, reader, schema))
    }

    /// Opens a file for looking at it alone: it is neither made nor migrated, nor changed at all.
    ///
    /// # Errors
    /// When it is not there, is no store of the schema this program knows, or cannot be read.
    pub fn inspect(path: &Path) -> Result<Self, StoreError> {
        let look = || connection::read_only(path);
        let schema = migrate::known(&look()?)?;
        Ok(Self::apart(look()?, look()?, schema))
    }

    /// Opens the file for one who makes many changes at a time. Everything that is done with it
    /// belongs between the begin and the end of [`Sqlite::together`].
    ///
    /// # Errors
    /// As [`Sqlite::open`].
    pub fn session(path: &Path) -> Result<Self, StoreError> {
        let connection = connection::open_for_changes(path)?;
        Ok(Self {
            schema: migrate::migrate(&connection)?,
            hands: Hands::Together(Mutex::new(Session::new(connection))),
        })
    }

    fn apart(writer: Connection, reader: Connection, schema: u32) -> Self {
        let (writer, reader) = (Mutex::new(writer), Mutex::new(reader));
        Self {
            hands: Hands::Apart { writer, reader },
            schema,
        }
    }

    /// Newest schema this program knows.
    #[must_use]
    pub fn newest_schema() -> u32 {
        migrate::NEWEST
    }

    /// Runs `work`, and keeps every change it makes with a session, or none of them. One that is
    /// refused takes nothing but itself back.
    ///
    /// # Errors
    /// When nothing was kept, whatever `work` was told.
    pub fn together<T>(&self, work: impl FnOnce() -> T) -> Result<T, StoreError> {
        match &self.hands {
            Hands::Apart { .. } => Ok(work()),
            Hands::Together(session) => session::together(session, work),
        }
    }

    /// Folds the write-ahead log into the file, so that the file alone is the store.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        self.on_writer(|writer| {
            patiently(|| writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())))
        })
    }

    /// What SQLite itself finds wrong with the file: its pages, indexes and references.
    ///
    /// # Errors
    /// When it cannot be read at all.
    pub fn file_damage(&self) -> Result<Vec<String>, StoreError> {
        self.on_writer(backup::file_damage)
    }

    fn on_writer<T>(&self, work: impl FnOnce(&Connection) -> T) -> T {
        match &self.hands {
            Hands::Apart { writer, .. } => work(&locked(writer)),
            Hands::Together(session) => work(locked(session).connection()),
        }
    }

    pub(super) fn read<T>(
        &self,
        mut look: impl FnMut(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let reader = match &self.hands {
            Hands::Apart { reader, .. } => reader,
            Hands::Together(session) => return look(locked(session).connection()),
        };
        let mut reader = locked(reader);
        // One transaction, so that a gateway and its instances are of the same moment. The first
        // read inside it is where others can be in the way.
        let transaction = reader.transaction()?;
        patiently(|| {
            let mut first = transaction.prepare_cached("SELECT count(*) FROM meta")?;
            first.query_row([], |_| Ok(()))
        })?;
        look(&transaction)
    }

    pub(super) fn write<T>(
        &self,
        act: impl FnOnce(&Writing<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let writer = match &self.hands {
            Hands::Apart { writer, .. } => writer,
            Hands::Together(session) => return locked(session).change(act),
        };
        let writer = locked(writer);
        let transaction = begin(&writer)?;
        let done = act(&Writing::of(&transaction))?;
        transaction.commit()?;
        Ok(done)
    }

    fn change<R: Repeatable>(
        &self,
        change: &Change,
        points: Points,
        act: impl FnOnce(&Writing<'_>) -> Result<R, StoreError>,
    ) -> Result<R, StoreError> {
        crash_point(points.before);
        let receipt = self.write(|writing| once(writing, change, || act(writing)))?;
        match &self.hands {
            Hands::Apart { .. } => crash_point(points.committed),
            Hands::Together(session) => locked(session).reaches(points.committed),
        }
        Ok(receipt)
    }

    fn change_gateway(
        &self,
        change: &Change,
        points: Points,
        key: &Key,
        wish: Wish<'_>,
    ) -> Result<Receipt, StoreError> {
        self.change(change, points, |writing| {
            changes::change(writing, change, key, wish)
        })
    }
}

/// A panic while the lock was held has rolled its transaction back: the connection is sound.
pub(super) fn locked<T>(connection: &Mutex<T>) -> MutexGuard<'_, T> {
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
        let look = |connection: &Connection| {
            patiently(|| connection.pragma_query_value(None, "data_version", |row| row.get(0)))
        };
        match &self.hands {
            Hands::Apart { reader, .. } => look(&locked(reader)),
            Hands::Together(session) => look(locked(session).connection()),
        }
    }

    fn probe(&self) -> Result<(), StoreError> {
        self.write(|writing| {
            let sql = "INSERT INTO meta(k, v) VALUES('probe', '') ON CONFLICT(k) DO NOTHING";
            writing.execute(sql, [])?;
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
        match found {
            Some(content) => Ok(content),
            None => Err(StoreError::without_content(
                &self.version(gateway, version)?,
            )),
        }
    }

    fn create(&self, change: &Change, new: &NewGateway) -> Result<Receipt, StoreError> {
        self.change(change, CREATE, |writing| {
            changes::create(writing, change, new)
        })
    }

    fn update(
        &self,
        change: &Change,
        key: &Key,
        patch: &GatewayPatch,
    ) -> Result<Receipt, StoreError> {
        self.change_gateway(change, OTHER, key, Wish::Update(patch))
    }

    fn delete(&self, change: &Change, key: &Key) -> Result<Receipt, StoreError> {
        self.change_gateway(change, OTHER, key, Wish::Delete)
    }

    fn publish(&self, change: &Change, key: &Key, new: &NewVersion) -> Result<Receipt, StoreError> {
        self.change_gateway(change, RELOAD, key, Wish::Publish(new))
    }

    fn revert(
        &self,
        change: &Change,
        key: &Key,
        revert: &RevertRequest,
    ) -> Result<Receipt, StoreError> {
        self.change_gateway(change, REVERT, key, Wish::Revert(revert))
    }

    fn ask(&self, change: &Change, key: &Key, ask: &Ask) -> Result<Receipt, StoreError> {
        let points = if matches!(ask, Ask::Reload { .. }) {
            RELOAD
        } else {
            OTHER
        };
        self.change_gateway(change, points, key, Wish::Ask(ask))
    }

    fn pin(
        &self,
        change: &Change,
        key: &Key,
        version: u64,
        pinned: bool,
    ) -> Result<Receipt, StoreError> {
        self.change(change, OTHER, |writing| {
            retention::pin(writing, change, key, version, pinned)
        })
    }

    fn prune(&self, change: &Change, key: &Key, prune: &Prune) -> Result<Pruned, StoreError> {
        self.change(change, PRUNE, |writing| {
            retention::prune(writing, change, key, prune)
        })
    }

    fn report(
        &self,
        now: Timestamp,
        key: &Key,
        report: &StatusReport,
    ) -> Result<ReportReceipt, StoreError> {
        self.write(|writing| {
            let gateway = gateways::find(writing, key)?;
            instances::report(writing, now, &gateway, report)
        })
    }

    fn add_token(&self, change: &Change, token: &NewToken) -> Result<(), StoreError> {
        self.write(|writing| {
            if tokens::add(writing, change, token)? {
                tokens::record(writing, change, token)?;
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
        self.change(change, OTHER, |writing| {
            tokens::create(writing, change, new)
        })
    }

    fn tokens(&self, filter: &TokenFilter) -> Result<Vec<TokenRecord>, StoreError> {
        self.read(|connection| Ok(tokens::list(connection, filter)?))
    }

    fn token_by_id(&self, id: &TokenId) -> Result<TokenRecord, StoreError> {
        self.read(|connection| tokens::by_id(connection, id))
    }

    fn revoke_token(&self, change: &Change, id: &TokenId) -> Result<TokenReceipt, StoreError> {
        self.change(change, OTHER, |writing| tokens::revoke(writing, change, id))
    }

    fn rotate_token(
        &self,
        change: &Change,
        old: &TokenId,
        new: &NewToken,
        until: Timestamp,
    ) -> Result<TokenReceipt, StoreError> {
        self.change(change, ROTATE, |writing| {
            tokens::rotate(writing, change, old, new, until)
        })
    }

    fn used(&self, uses: &[TokenUse]) -> Result<(), StoreError> {
        self.write(|writing| tokens::used(writing, uses))
    }

    fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, StoreError> {
        self.read(|connection| Ok(audit::list(connection, filter)?))
    }

    fn note(&self, change: &Change, note: &Note) -> Result<(), StoreError> {
        let (action, target) = (note.action, note.target.as_str());
        self.write(|writing| audit::record(writing, change, action, target, None, &note.detail))
    }
}
