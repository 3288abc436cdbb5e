//! The store, with one connection for changes and several for reading.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use kt_control_api::{
    AuditEntry, ConfigVersion, GatewayHalt, GatewayId, GatewayPatch, InstanceId, RevertRequest,
    StatusReport, Timestamp, TokenHash, TokenId,
};
use rusqlite::Connection;

use super::connection_mode::ConnectionMode;
use super::crash_points::{CREATE, CrashPoints, OTHER, PRUNE, RELOAD, REVERT, ROTATE};
use super::group_commit::GroupCommit;
use super::idempotency::run_once;
use super::readers::Readers;
use super::write_transaction::WriteTransaction;
use super::{
    audit, changes, connection, gateways, instances, leases, migrate, permissions, renewals,
    retention, states, tokens, versions,
};
use crate::crash::crash_point;
use crate::store::decision::GatewayChange;
use crate::store::receipt::Repeatable;
use crate::store::{
    AuditEvent, AuditFilter, ChangeContext, ChangeReceipt, DesiredState, GatewayAction,
    GatewayFilter, GatewayRef, GatewaySnapshot, HaltChange, InstanceRecord, LeaseRenewal,
    NewGateway, NewToken, NewVersion, PruneOptions, PruneReceipt, ReportReceipt, Store, StoreError,
    TokenFilter, TokenReceipt, TokenRecord, TokenUse,
};

/// Name of the file in the state directory.
pub const DATABASE_FILE: &str = "control-plane.db";

/// The store in one SQLite file.
///
/// Several processes, and several instances in one process, may use the same file at once.
#[derive(Debug)]
pub struct SqliteStore {
    connections: ConnectionMode,
    schema: u32,
}

impl SqliteStore {
    /// Opens the file, and creates it, its directory and its schema if they are missing.
    ///
    /// # Errors
    /// When other users could modify the file, when it is not a store of the control plane, when
    /// its schema is not supported, or when it cannot be read and written.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        permissions::prepare(path)?;
        let writer = connection::open(path)?;
        let schema = migrate::migrate(&writer)?;
        let readers = Readers::new(path, connection::open_for_reading)?;
        Ok(Self::separate(writer, readers, schema))
    }

    /// Opens the file for one request at a time, with one connection: another one would parse the
    /// schema too.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_for_one_request(path: &Path) -> Result<Self, StoreError> {
        permissions::prepare(path)?;
        let connection = connection::open(path)?;
        Ok(Self {
            schema: migrate::migrate(&connection)?,
            connections: ConnectionMode::Single(Mutex::new(connection)),
        })
    }

    /// Opens a file for reading only: it is neither created nor migrated nor changed.
    ///
    /// # Errors
    /// When it does not exist, does not have the newest schema, or cannot be read.
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let writer = connection::read_only(path)?;
        let schema = migrate::require_newest(&writer)?;
        let readers = Readers::new(path, connection::read_only)?;
        Ok(Self::separate(writer, readers, schema))
    }

    /// Opens the file for many changes at a time. All changes and reads belong into
    /// [`SqliteStore::group_commit`].
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_for_group_commit(path: &Path) -> Result<Self, StoreError> {
        let connection = connection::open_for_changes(path)?;
        Ok(Self {
            schema: migrate::migrate(&connection)?,
            connections: ConnectionMode::Grouped(Mutex::new(GroupCommit::new(connection))),
        })
    }

    /// Opens a file that is open already, for reading by one thread that must not wait: queries fail
    /// while other processes lock the file.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_for_immediate_reads(path: &Path, schema: u32) -> Result<Self, StoreError> {
        let connection = connection::open_for_reading(path)?;
        connection.busy_timeout(Duration::ZERO)?;
        Ok(Self {
            connections: ConnectionMode::Immediate(Mutex::new(connection)),
            schema,
        })
    }

    fn separate(writer: Connection, readers: Readers, schema: u32) -> Self {
        let writer = Mutex::new(writer);
        Self {
            connections: ConnectionMode::Separate { writer, readers },
            schema,
        }
    }

    /// The newest schema that this version supports.
    #[must_use]
    pub fn newest_schema() -> u32 {
        migrate::NEWEST
    }

    /// Runs `work`, and commits all of its changes, or none. A change that fails rolls only itself
    /// back.
    ///
    /// # Errors
    /// When nothing was committed, whatever `work` returned.
    pub fn group_commit<T>(&self, work: impl FnOnce() -> T) -> Result<T, StoreError> {
        self.connections.group_commit(work)
    }

    pub(super) fn on_writer<T>(&self, work: impl FnOnce(&Connection) -> T) -> T {
        self.connections.on_writer(work)
    }

    pub(super) fn read<T>(
        &self,
        query: impl FnMut(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.connections.read(query)
    }

    pub(super) fn write<T>(
        &self,
        act: impl FnOnce(&WriteTransaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.connections.write(act)
    }

    fn change<R: Repeatable>(
        &self,
        change: &ChangeContext,
        points: CrashPoints,
        act: impl FnOnce(&WriteTransaction<'_>) -> Result<R, StoreError>,
    ) -> Result<R, StoreError> {
        crash_point(points.before);
        let receipt =
            self.write(|transaction| run_once(transaction, change, || act(transaction)))?;
        self.connections.reach_when_committed(points.committed);
        Ok(receipt)
    }

    fn change_gateway(
        &self,
        context: &ChangeContext,
        points: CrashPoints,
        gateway_ref: &GatewayRef,
        change: GatewayChange<'_>,
    ) -> Result<ChangeReceipt, StoreError> {
        self.change(context, points, |transaction| {
            changes::change(transaction, context, gateway_ref, change)
        })
    }
}

impl Store for SqliteStore {
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

    fn change_counter(&self) -> Result<u64, StoreError> {
        self.connections.change_counter()
    }

    fn probe(&self) -> Result<(), StoreError> {
        self.write(|transaction| {
            let sql = "INSERT INTO meta(k, v) VALUES('probe', '') ON CONFLICT(k) DO NOTHING";
            transaction.execute(sql, [])?;
            Ok(())
        })
    }

    fn find(&self, gateway_ref: &GatewayRef) -> Result<GatewaySnapshot, StoreError> {
        self.read(|connection| gateways::snapshot(connection, gateway_ref))
    }

    fn desired_state(&self, gateway_ref: &GatewayRef) -> Result<DesiredState, StoreError> {
        self.read(|connection| gateways::desired_state(connection, gateway_ref))
    }

    fn instance(
        &self,
        gateway: &GatewayId,
        instance: &InstanceId,
    ) -> Result<Option<InstanceRecord>, StoreError> {
        self.read(|connection| Ok(instances::one(connection, gateway, instance)?))
    }

    fn awaits_answer(
        &self,
        gateway: &GatewayId,
        generation: u64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.read(|connection| {
            Ok(instances::awaits_answer(
                connection, gateway, generation, now,
            )?)
        })
    }

    fn list(&self, filter: &GatewayFilter) -> Result<Vec<GatewaySnapshot>, StoreError> {
        self.read(|connection| gateways::list(connection, filter))
    }

    fn has_unsettled_states(&self, now: Timestamp) -> Result<bool, StoreError> {
        self.read(|connection| states::has_unsettled(connection, now))
    }

    fn settle_states(&self, now: Timestamp) -> Result<bool, StoreError> {
        self.write(|transaction| states::settle(transaction, now))
    }

    fn versions(
        &self,
        gateway: &GatewayId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ConfigVersion>, StoreError> {
        self.read(|connection| Ok(versions::list(connection, gateway, before, limit)?))
    }

    fn applied_versions(
        &self,
        gateway: &GatewayId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ConfigVersion>, StoreError> {
        self.read(|connection| Ok(versions::applied(connection, gateway, before, limit)?))
    }

    fn version(&self, gateway: &GatewayId, version: u64) -> Result<ConfigVersion, StoreError> {
        let found = self.read(|connection| Ok(versions::one(connection, gateway, version)?))?;
        let row = found.ok_or_else(|| StoreError::no_version(version))?;
        Ok(row.into())
    }

    fn content(&self, gateway: &GatewayId, version: u64) -> Result<String, StoreError> {
        let found = self.read(|connection| Ok(versions::content(connection, gateway, version)?))?;
        match found {
            Some(content) => Ok(content),
            None => {
                let pruned_at = self.version(gateway, version)?.pruned_at;
                Err(StoreError::without_content(version, pruned_at))
            }
        }
    }

    fn create(
        &self,
        change: &ChangeContext,
        new: &NewGateway,
    ) -> Result<ChangeReceipt, StoreError> {
        self.change(change, CREATE, |transaction| {
            changes::create(transaction, change, new)
        })
    }

    fn update(
        &self,
        change: &ChangeContext,
        gateway_ref: &GatewayRef,
        patch: &GatewayPatch,
    ) -> Result<ChangeReceipt, StoreError> {
        self.change_gateway(change, OTHER, gateway_ref, GatewayChange::Update(patch))
    }

    fn delete(
        &self,
        change: &ChangeContext,
        gateway_ref: &GatewayRef,
    ) -> Result<ChangeReceipt, StoreError> {
        self.change_gateway(change, OTHER, gateway_ref, GatewayChange::Delete)
    }

    fn publish(
        &self,
        change: &ChangeContext,
        gateway_ref: &GatewayRef,
        new: &NewVersion,
    ) -> Result<ChangeReceipt, StoreError> {
        self.change_gateway(change, RELOAD, gateway_ref, GatewayChange::Publish(new))
    }

    fn revert(
        &self,
        change: &ChangeContext,
        gateway_ref: &GatewayRef,
        revert: &RevertRequest,
    ) -> Result<ChangeReceipt, StoreError> {
        self.change_gateway(change, REVERT, gateway_ref, GatewayChange::Revert(revert))
    }

    fn act(
        &self,
        change: &ChangeContext,
        gateway_ref: &GatewayRef,
        ask: &GatewayAction,
    ) -> Result<ChangeReceipt, StoreError> {
        let points = match ask {
            GatewayAction::Reload { .. } | GatewayAction::Reapply { .. } => RELOAD,
            GatewayAction::Reconcile { .. } | GatewayAction::Halt(_) => OTHER,
        };
        self.change_gateway(change, points, gateway_ref, GatewayChange::Act(ask))
    }

    fn change_halts(
        &self,
        change: &ChangeContext,
        gateways: &[GatewayId],
        halt: &HaltChange,
    ) -> Result<Vec<GatewayHalt>, StoreError> {
        self.write(|transaction| changes::change_halts(transaction, change, gateways, halt))
    }

    fn pin(
        &self,
        change: &ChangeContext,
        gateway_ref: &GatewayRef,
        version: u64,
        pinned: bool,
    ) -> Result<ChangeReceipt, StoreError> {
        self.change(change, OTHER, |transaction| {
            retention::pin(transaction, change, gateway_ref, version, pinned)
        })
    }

    fn prune(
        &self,
        change: &ChangeContext,
        gateway_ref: &GatewayRef,
        prune: &PruneOptions,
    ) -> Result<PruneReceipt, StoreError> {
        self.change(change, PRUNE, |transaction| {
            retention::prune(transaction, change, gateway_ref, prune)
        })
    }

    fn report(
        &self,
        now: Timestamp,
        gateway_ref: &GatewayRef,
        report: &StatusReport,
    ) -> Result<ReportReceipt, StoreError> {
        self.write(|transaction| {
            let current = gateways::desired_state(transaction, gateway_ref)?;
            instances::report(transaction, now, &current, report)
        })
    }

    fn lease_renewal(
        &self,
        now: Timestamp,
        gateway: &GatewayId,
        report: &StatusReport,
    ) -> Result<Option<(ReportReceipt, LeaseRenewal)>, StoreError> {
        self.read(|connection| renewals::find(connection, now, gateway, report))
    }

    fn renew_leases(&self, renewals: &[LeaseRenewal]) -> Result<(), StoreError> {
        self.write(|transaction| {
            let mut renewals = renewals.iter();
            renewals.try_for_each(|renewal| leases::renew(transaction, renewal))
        })
    }

    fn add_token(&self, change: &ChangeContext, token: &NewToken) -> Result<(), StoreError> {
        self.write(|transaction| {
            if tokens::add(transaction, change, token)? {
                tokens::record(transaction, change, token)?;
            }
            Ok(())
        })
    }

    fn token(&self, hash: &TokenHash) -> Result<Option<TokenRecord>, StoreError> {
        self.read(|connection| tokens::find(connection, hash))
    }

    fn has_admin_token(&self, now: Timestamp) -> Result<bool, StoreError> {
        self.read(|connection| Ok(tokens::has_admin(connection, now)?))
    }

    fn create_token(
        &self,
        change: &ChangeContext,
        new: &NewToken,
    ) -> Result<TokenReceipt, StoreError> {
        self.change(change, OTHER, |transaction| {
            tokens::create(transaction, change, new)
        })
    }

    fn tokens(&self, filter: &TokenFilter) -> Result<Vec<TokenRecord>, StoreError> {
        self.read(|connection| tokens::list(connection, filter))
    }

    fn token_by_id(&self, id: &TokenId) -> Result<TokenRecord, StoreError> {
        self.read(|connection| tokens::by_id(connection, id))
    }

    fn revoke_token(
        &self,
        change: &ChangeContext,
        id: &TokenId,
    ) -> Result<TokenReceipt, StoreError> {
        self.change(change, OTHER, |transaction| {
            tokens::revoke(transaction, change, id)
        })
    }

    fn rotate_token(
        &self,
        change: &ChangeContext,
        old: &TokenId,
        new: &NewToken,
        until: Timestamp,
    ) -> Result<TokenReceipt, StoreError> {
        self.change(change, ROTATE, |transaction| {
            tokens::rotate(transaction, change, old, new, until)
        })
    }

    fn record_token_uses(&self, uses: &[TokenUse]) -> Result<(), StoreError> {
        self.write(|transaction| tokens::record_uses(transaction, uses))
    }

    fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, StoreError> {
        self.read(|connection| Ok(audit::list(connection, filter)?))
    }

    fn record_audit_event(
        &self,
        change: &ChangeContext,
        note: &AuditEvent,
    ) -> Result<(), StoreError> {
        let (action, target) = (note.action, note.target.as_str());
        self.write(|transaction| {
            audit::record(transaction, change, action, target, None, &note.detail)
        })
    }
}
