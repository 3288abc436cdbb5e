//! The store over a pool of connections.

use std::sync::{Arc, Weak};
use std::time::Duration;

use deadpool_postgres::Pool;
use kt_control_api::{
    AuditEntry, ConfigVersion, GatewayHalt, GatewayId, GatewayPatch, InstanceId, RevertRequest,
    StatusReport, Timestamp, TokenHash, TokenId,
};
use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::address::DatabaseAddress;
use super::group_commit::GroupCommit;
use super::listen::Listener;
use super::notifications::{ChangeListeners, Notifications};
use super::publish_batch::PublishRequest;
use super::query_error::QueryError;
use super::session::{self, Session};
use super::timeouts::REQUEST_TIMEOUT;
use super::token_changes::TokenChange;
use super::{
    audit, change_counter, changes, create, gateways, halts, instances, leases, migrate, retention,
    states, token_changes, tokens, versions,
};
use crate::store::decision::GatewayChange;
use crate::store::{
    AuditEvent, AuditFilter, ChangeContext, ChangeReceipt, DesiredState, GatewayAction,
    GatewayFilter, GatewayRef, GatewaySnapshot, HaltChange, InstanceRecord, LeaseRenewal,
    NewGateway, NewToken, NewVersion, PruneOptions, PruneReceipt, ReportReceipt, Store, StoreError,
    TokenFilter, TokenReceipt, TokenRecord, TokenUse,
};

/// Name of the listening connection in `pg_stat_activity`.
const LISTENER: &str = "kt control-plane notifications";

/// Attempts of a request whose connection is lost. After a restart of the database each connection
/// of the pool may be closed; the pool drops closed connections when they are used.
const ATTEMPTS: usize = 20;

/// The store in a PostgreSQL database.
///
/// Several servers may use the same database at once. The methods of [`Store`] block and must
/// not be called from asynchronous code.
pub struct PostgresStore {
    /// Runs the connections. Taken by `drop`, which must not block.
    runtime: Option<Runtime>,
    pub(super) pool: Pool,
    address: DatabaseAddress,
    pub(super) notifications: Arc<Notifications>,
    pub(super) group_commit: GroupCommit,
    schema: u32,
}

impl PostgresStore {
    /// Connects, and creates or migrates the schema if needed.
    ///
    /// # Errors
    /// When the database cannot be reached or rejects the connection, when its schema `kt` belongs
    /// to another application, or when the schema is not supported.
    pub fn open(address: &DatabaseAddress) -> Result<Self, StoreError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("kt-postgres")
            .enable_all()
            .build()
            .map_err(|error| StoreError::Failed(error.to_string()))?;
        let mut store = Self {
            pool: session::pool(address)?,
            runtime: Some(runtime),
            address: address.clone(),
            notifications: Arc::default(),
            group_commit: GroupCommit::default(),
            schema: 0,
        };
        store.schema = store.wait(async {
            let mut session = Session::of(&store.pool).await?;
            migrate::migrate(&mut session).await
        })?;
        Ok(store)
    }

    /// Notifies the listeners of changes made by other servers, and other servers of changes made
    /// through this store. Ends when the listeners or the store are dropped.
    pub fn listen(&self, listeners: Weak<dyn ChangeListeners>) {
        let mut config = self.address.config();
        config.application_name(LISTENER);
        let listener = Listener {
            config,
            connector: self.address.connector(),
            pool: self.pool.clone(),
            notifications: Arc::clone(&self.notifications),
            listeners,
        };
        drop(self.runtime().spawn(listener.run()));
    }

    fn runtime(&self) -> &Runtime {
        self.runtime
            .as_ref()
            .expect("it is taken only when the store is dropped")
    }

    /// Blocks on work with the database, with a timeout beyond those of the work itself.
    fn wait<T>(&self, work: impl Future<Output = Result<T, QueryError>>) -> Result<T, StoreError> {
        self.wait_for(REQUEST_TIMEOUT * 2, work)
    }

    pub(super) fn wait_for<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, QueryError>>,
    ) -> Result<T, StoreError> {
        self.runtime().block_on(async {
            match timeout(limit, work).await {
                Ok(done) => done.map_err(StoreError::from),
                Err(_) => Err(StoreError::Busy(limit.as_secs())),
            }
        })
    }

    /// Runs a repeatable operation, again with another connection when one is lost.
    fn read<T>(
        &self,
        query: impl AsyncFn(&mut Session) -> Result<T, QueryError>,
    ) -> Result<T, StoreError> {
        self.attempt(|_| true, query)
    }

    /// Runs an operation, again when the connection is lost and `may_repeat` allows it.
    fn attempt<T>(
        &self,
        may_repeat: impl Fn(&Session) -> bool,
        act: impl AsyncFn(&mut Session) -> Result<T, QueryError>,
    ) -> Result<T, StoreError> {
        self.wait(async {
            let mut attempts = 0;
            loop {
                attempts += 1;
                let mut session = Session::of(&self.pool).await?;
                match act(&mut session).await {
                    Err(error)
                        if error.is_lost_connection()
                            && attempts < ATTEMPTS
                            && may_repeat(&session) => {}
                    done => return done,
                }
            }
        })
    }

    fn change(
        &self,
        change: &ChangeContext,
        gateway_ref: &GatewayRef,
        root_certificates: GatewayChange<'_>,
    ) -> Result<ChangeReceipt, StoreError> {
        self.notify_changed(self.attempt(Session::is_retry_safe, async |session| {
            changes::change(session, change, gateway_ref, root_certificates).await
        }))
    }

    fn change_token(
        &self,
        change: &ChangeContext,
        root_certificates: &TokenChange<'_>,
    ) -> Result<TokenReceipt, StoreError> {
        self.attempt(Session::is_retry_safe, async |session| {
            token_changes::change(session, change, root_certificates).await
        })
    }
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres")
            .field("address", &self.address)
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Store for PostgresStore {
    fn epoch(&self) -> Result<String, StoreError> {
        self.read(async |session| migrate::value(session, "epoch").await)
    }

    fn schema(&self) -> u32 {
        self.schema
    }

    fn change_counter(&self) -> Result<u64, StoreError> {
        self.read(async |session| change_counter::read(session).await)
    }

    fn probe(&self) -> Result<(), StoreError> {
        let sql = "INSERT INTO meta(k, v) VALUES('probe', '') ON CONFLICT(k) DO UPDATE SET v = ''";
        self.read(async |session| session.rows(sql, &[]).await.map(drop))
    }

    fn find(&self, gateway_ref: &GatewayRef) -> Result<GatewaySnapshot, StoreError> {
        self.read(async |session| gateways::snapshot(session, gateway_ref).await)
    }

    fn desired_state(&self, gateway_ref: &GatewayRef) -> Result<DesiredState, StoreError> {
        self.read(async |session| gateways::desired_state(session, gateway_ref).await)
    }

    fn instance(
        &self,
        gateway: &GatewayId,
        instance: &InstanceId,
    ) -> Result<Option<InstanceRecord>, StoreError> {
        self.read(async |session| instances::one(session, gateway, instance).await)
    }

    fn awaits_answer(
        &self,
        gateway: &GatewayId,
        generation: u64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.read(async |session| instances::awaits_answer(session, gateway, generation, now).await)
    }

    fn list(&self, filter: &GatewayFilter) -> Result<Vec<GatewaySnapshot>, StoreError> {
        self.read(async |session| gateways::list(session, filter).await)
    }

    fn has_unsettled_states(&self, now: Timestamp) -> Result<bool, StoreError> {
        self.read(async |session| states::has_unsettled(session, now).await)
    }

    fn settle_states(&self, now: Timestamp) -> Result<bool, StoreError> {
        self.read(async |session| states::settle(session, now).await)
    }

    fn versions(
        &self,
        gateway: &GatewayId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ConfigVersion>, StoreError> {
        self.read(async |session| versions::list(session, gateway, before, limit).await)
    }

    fn applied_versions(
        &self,
        gateway: &GatewayId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ConfigVersion>, StoreError> {
        self.read(async |session| versions::applied(session, gateway, before, limit).await)
    }

    fn version(&self, gateway: &GatewayId, version: u64) -> Result<ConfigVersion, StoreError> {
        let found = self.read(async |session| versions::one(session, gateway, version).await)?;
        let row = found.ok_or_else(|| StoreError::no_version(version))?;
        Ok(row.into())
    }

    fn content(&self, gateway: &GatewayId, version: u64) -> Result<String, StoreError> {
        self.read(async |session| versions::content(session, gateway, version).await)
    }

    fn create(
        &self,
        change: &ChangeContext,
        new: &NewGateway,
    ) -> Result<ChangeReceipt, StoreError> {
        // The bootstrap token that is consumed cannot wait for anything, so nobody is woken.
        self.notify_changed(self.read(async |session| create::create(session, change, new).await))
    }

    fn update(
        &self,
        change: &ChangeContext,
        gateway_ref: &GatewayRef,
        patch: &GatewayPatch,
    ) -> Result<ChangeReceipt, StoreError> {
        self.change(change, gateway_ref, GatewayChange::Update(patch))
    }

    fn delete(
        &self,
        change: &ChangeContext,
        gateway_ref: &GatewayRef,
    ) -> Result<ChangeReceipt, StoreError> {
        self.change(change, gateway_ref, GatewayChange::Delete)
    }

    fn publish(
        &self,
        change: &ChangeContext,
        gateway_ref: &GatewayRef,
        new: &NewVersion,
    ) -> Result<ChangeReceipt, StoreError> {
        let request = PublishRequest::new(change, gateway_ref, new);
        let published = self.wait(self.group_commit.publish(&self.pool, request));
        match published.transpose() {
            Some(outcome) => self.notify_changed(outcome),
            None => self.change(change, gateway_ref, GatewayChange::Publish(new)),
        }
    }

    fn revert(
        &self,
        change: &ChangeContext,
        gateway_ref: &GatewayRef,
        revert: &RevertRequest,
    ) -> Result<ChangeReceipt, StoreError> {
        self.change(change, gateway_ref, GatewayChange::Revert(revert))
    }

    fn act(
        &self,
        change: &ChangeContext,
        gateway_ref: &GatewayRef,
        ask: &GatewayAction,
    ) -> Result<ChangeReceipt, StoreError> {
        self.change(change, gateway_ref, GatewayChange::Act(ask))
    }

    fn change_halts(
        &self,
        change: &ChangeContext,
        gateways: &[GatewayId],
        halt: &HaltChange,
    ) -> Result<Vec<GatewayHalt>, StoreError> {
        let changed = self.attempt(Session::is_retry_safe, async |session| {
            halts::change(session, change, gateways, halt).await
        });
        let (halts, changed) = changed?;
        for gateway in &changed {
            self.notifications.add(gateway);
        }
        Ok(halts)
    }

    fn pin(
        &self,
        change: &ChangeContext,
        gateway_ref: &GatewayRef,
        version: u64,
        pinned: bool,
    ) -> Result<ChangeReceipt, StoreError> {
        self.attempt(Session::is_retry_safe, async |session| {
            retention::pin(session, change, gateway_ref, version, pinned).await
        })
    }

    fn prune(
        &self,
        change: &ChangeContext,
        gateway_ref: &GatewayRef,
        prune: &PruneOptions,
    ) -> Result<PruneReceipt, StoreError> {
        self.attempt(Session::is_retry_safe, async |session| {
            retention::prune(session, change, gateway_ref, prune).await
        })
    }

    fn report(
        &self,
        now: Timestamp,
        gateway_ref: &GatewayRef,
        report: &StatusReport,
    ) -> Result<ReportReceipt, StoreError> {
        self.read(async |session| instances::report(session, now, gateway_ref, report).await)
    }

    fn lease_renewal(
        &self,
        now: Timestamp,
        gateway: &GatewayId,
        report: &StatusReport,
    ) -> Result<Option<(ReportReceipt, LeaseRenewal)>, StoreError> {
        self.read(async |session| instances::lease_renewal(session, now, gateway, report).await)
    }

    fn renew_leases(&self, renewals: &[LeaseRenewal]) -> Result<(), StoreError> {
        self.read(async |session| leases::renew(session, renewals).await)
    }

    fn add_token(&self, change: &ChangeContext, token: &NewToken) -> Result<(), StoreError> {
        let change = ChangeContext {
            idempotency_key: None,
            ..change.clone()
        };
        self.read(async |session| {
            token_changes::change(session, &change, &TokenChange::Add(token)).await
        })
        .map(drop)
    }

    fn token(&self, hash: &TokenHash) -> Result<Option<TokenRecord>, StoreError> {
        self.read(async |session| tokens::find(session, hash).await)
    }

    fn has_admin_token(&self, now: Timestamp) -> Result<bool, StoreError> {
        self.read(async |session| tokens::has_admin(session, now).await)
    }

    fn create_token(
        &self,
        change: &ChangeContext,
        new: &NewToken,
    ) -> Result<TokenReceipt, StoreError> {
        self.change_token(change, &TokenChange::Create(new))
    }

    fn tokens(&self, filter: &TokenFilter) -> Result<Vec<TokenRecord>, StoreError> {
        self.read(async |session| tokens::list(session, filter).await)
    }

    fn token_by_id(&self, id: &TokenId) -> Result<TokenRecord, StoreError> {
        self.read(async |session| tokens::by_id(session, id).await)
    }

    fn revoke_token(
        &self,
        change: &ChangeContext,
        id: &TokenId,
    ) -> Result<TokenReceipt, StoreError> {
        self.notify_ended(id, self.change_token(change, &TokenChange::Revoke(id)))
    }

    fn rotate_token(
        &self,
        change: &ChangeContext,
        old: &TokenId,
        new: &NewToken,
        until: Timestamp,
    ) -> Result<TokenReceipt, StoreError> {
        self.notify_ended(
            old,
            self.change_token(change, &TokenChange::Rotate { old, new, until }),
        )
    }

    fn record_token_uses(&self, uses: &[TokenUse]) -> Result<(), StoreError> {
        self.read(async |session| tokens::record_uses(session, uses).await)
    }

    fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, StoreError> {
        self.read(async |session| audit::list(session, filter).await)
    }

    fn record_audit_event(
        &self,
        change: &ChangeContext,
        note: &AuditEvent,
    ) -> Result<(), StoreError> {
        self.attempt(Session::is_retry_safe, async |session| {
            audit::record_event(session, change, note).await
        })
    }
}
