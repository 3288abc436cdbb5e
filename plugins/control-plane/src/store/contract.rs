//! The interface of the stores.

use kt_control_api::{
    AuditEntry, ConfigVersion, GatewayHalt, GatewayId, GatewayPatch, InstanceId, RevertRequest,
    StatusReport, Timestamp, TokenHash, TokenId,
};

use super::change::{AuditEvent, ChangeContext, GatewayAction, GatewayRef, HaltChange};
use super::error::StoreError;
use super::filter::{AuditFilter, GatewayFilter, TokenFilter};
use super::lease_renewal::LeaseRenewal;
use super::receipt::{ChangeReceipt, ReportReceipt, TokenReceipt};
use super::retention::{PruneOptions, PruneReceipt};
use super::rows::{NewGateway, NewToken, NewVersion, TokenRecord};
use super::snapshot::{DesiredState, GatewaySnapshot, InstanceRecord};
use super::token_use::TokenUse;

/// Stores the state of the control plane. Every method blocks, for a limited time.
pub trait Store: Send + Sync {
    /// Returns the epoch of the store. A restored store has another one.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn epoch(&self) -> Result<String, StoreError>;

    /// Returns the version of the schema.
    fn schema(&self) -> u32;

    /// Returns a number that differs from the last one if anything was changed since, by this
    /// process or another one.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn change_counter(&self) -> Result<u64, StoreError>;

    /// Checks that the store can be read and written.
    ///
    /// # Errors
    /// When it cannot be read or written.
    fn probe(&self) -> Result<(), StoreError>;

    /// Returns a gateway and its instances.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or [`StoreError::Gone`] for the id of a deleted one.
    fn find(&self, gateway_ref: &GatewayRef) -> Result<GatewaySnapshot, StoreError>;

    /// Returns what is desired of a gateway. Unlike [`Store::find`] it does not read the instances,
    /// of which there may be thousands.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or [`StoreError::Gone`] for the id of a deleted one.
    fn desired_state(&self, gateway_ref: &GatewayRef) -> Result<DesiredState, StoreError>;

    /// Returns one instance of a gateway.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn instance(
        &self,
        gateway: &GatewayId,
        instance: &InstanceId,
    ) -> Result<Option<InstanceRecord>, StoreError>;

    /// Returns whether a live instance has neither applied nor rejected the generation, or a later
    /// one. Reads only such instances, up to the first live one.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn awaits_answer(
        &self,
        gateway: &GatewayId,
        generation: u64,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Returns gateways, ordered by name. Those of a list by state include others, whose state must
    /// be looked at.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn list(&self, filter: &GatewayFilter) -> Result<Vec<GatewaySnapshot>, StoreError>;

    /// Returns whether the stored state of a gateway does not hold at this time.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn has_unsettled_states(&self, now: Timestamp) -> Result<bool, StoreError>;

    /// Stores the states at this time of some of the gateways whose stored state does not hold. A
    /// list by state reads these gateways whatever their state, so this only makes it faster. Returns
    /// whether there were any, besides those that another server settles.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn settle_states(&self, now: Timestamp) -> Result<bool, StoreError>;

    /// Returns versions below `before`, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn versions(
        &self,
        gateway: &GatewayId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ConfigVersion>, StoreError>;

    /// Returns versions below `before` that an instance has applied, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn applied_versions(
        &self,
        gateway: &GatewayId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ConfigVersion>, StoreError>;

    /// Returns a version.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    fn version(&self, gateway: &GatewayId, version: u64) -> Result<ConfigVersion, StoreError>;

    /// Returns the content of a version, verbatim.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::ContentPruned`] when it was pruned.
    fn content(&self, gateway: &GatewayId, version: u64) -> Result<String, StoreError>;

    /// Creates a gateway with its first version and its token, and consumes the bootstrap token,
    /// all or nothing.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`]; [`StoreError::TokenInactive`] when the bootstrap token is not
    /// accepted any more.
    fn create(&self, change: &ChangeContext, new: &NewGateway)
    -> Result<ChangeReceipt, StoreError>;

    /// Updates the fields that users set.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`], [`StoreError::RevisionMismatch`].
    fn update(
        &self,
        change: &ChangeContext,
        gateway_ref: &GatewayRef,
        patch: &GatewayPatch,
    ) -> Result<ChangeReceipt, StoreError>;

    /// Deletes a gateway, revokes its tokens and releases its name. Its audit log stays.
    ///
    /// # Errors
    /// [`StoreError::RevisionMismatch`].
    fn delete(
        &self,
        change: &ChangeContext,
        gateway_ref: &GatewayRef,
    ) -> Result<ChangeReceipt, StoreError>;

    /// Publishes a version and makes it desired, unless the desired one has the same canonical
    /// form.
    ///
    /// # Errors
    /// [`StoreError::RevisionMismatch`].
    fn publish(
        &self,
        change: &ChangeContext,
        gateway_ref: &GatewayRef,
        new: &NewVersion,
    ) -> Result<ChangeReceipt, StoreError>;

    /// Publishes the content of an older version as the next one, unless the desired one has the
    /// same canonical form.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the version, [`StoreError::ContentPruned`],
    /// [`StoreError::RevisionMismatch`].
    fn revert(
        &self,
        change: &ChangeContext,
        gateway_ref: &GatewayRef,
        revert: &RevertRequest,
    ) -> Result<ChangeReceipt, StoreError>;

    /// Requests an action of the instances; a reconciliation only when an instance needs it, and a
    /// halt only when it changes something.
    ///
    /// # Errors
    /// [`StoreError::NoConfiguration`], [`StoreError::RevisionMismatch`].
    fn act(
        &self,
        change: &ChangeContext,
        gateway_ref: &GatewayRef,
        ask: &GatewayAction,
    ) -> Result<ChangeReceipt, StoreError>;

    /// Halts several gateways or ends their halts, all or none of them, with an audit row for each
    /// that is changed. Returns the halts of those that exist.
    ///
    /// # Errors
    /// When nothing was changed.
    fn change_halts(
        &self,
        change: &ChangeContext,
        gateways: &[GatewayId],
        halt: &HaltChange,
    ) -> Result<Vec<GatewayHalt>, StoreError>;

    /// Pins a version, so that its content is not pruned, or unpins it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the version; [`StoreError::ContentPruned`] when the content of
    /// a version to pin was pruned.
    fn pin(
        &self,
        change: &ChangeContext,
        gateway_ref: &GatewayRef,
        version: u64,
        pinned: bool,
    ) -> Result<ChangeReceipt, StoreError>;

    /// Prunes the contents of old versions that are not pinned, and that no instance serves or has
    /// fetched. The versions and their hashes stay.
    ///
    /// # Errors
    /// [`StoreError::RevisionMismatch`].
    fn prune(
        &self,
        change: &ChangeContext,
        gateway_ref: &GatewayRef,
        prune: &PruneOptions,
    ) -> Result<PruneReceipt, StoreError>;

    /// Stores the report of an instance.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Gone`].
    fn report(
        &self,
        now: Timestamp,
        gateway_ref: &GatewayRef,
        report: &StatusReport,
    ) -> Result<ReportReceipt, StoreError>;

    /// Returns the receipt of a report that only extends the lease of its instance, and what is to be
    /// stored for it with [`Store::renew_leases`], at the latest after some seconds. `None` when the
    /// report must be stored with [`Store::report`]: as it says something new, or since little is
    /// left of the lease that is stored. Writes nothing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Gone`].
    fn lease_renewal(
        &self,
        now: Timestamp,
        gateway: &GatewayId,
        report: &StatusReport,
    ) -> Result<Option<(ReportReceipt, LeaseRenewal)>, StoreError>;

    /// Stores renewals of leases, all or none. Those of instances with a newer report are left out.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn renew_leases(&self, renewals: &[LeaseRenewal]) -> Result<(), StoreError>;

    /// Stores a token, unless it is stored already, whether or not it is revoked.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn add_token(&self, change: &ChangeContext, token: &NewToken) -> Result<(), StoreError>;

    /// Returns a token, including revoked and expired ones.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn token(&self, hash: &TokenHash) -> Result<Option<TokenRecord>, StoreError>;

    /// Returns whether there is a token of scope `admin` that is neither revoked nor expired.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn has_admin_token(&self, now: Timestamp) -> Result<bool, StoreError>;

    /// Creates a token. Unlike [`Store::add_token`] it uses the idempotency key of the caller and
    /// checks that the gateway of the token exists.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] or [`StoreError::Gone`] for the gateway.
    fn create_token(
        &self,
        change: &ChangeContext,
        new: &NewToken,
    ) -> Result<TokenReceipt, StoreError>;

    /// Returns tokens, the newest first; of those created at the same time, the higher id first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn tokens(&self, filter: &TokenFilter) -> Result<Vec<TokenRecord>, StoreError>;

    /// Returns a token by its id, including revoked and expired ones.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    fn token_by_id(&self, id: &TokenId) -> Result<TokenRecord, StoreError>;

    /// Revokes a token, unless it is revoked already.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    fn revoke_token(
        &self,
        change: &ChangeContext,
        id: &TokenId,
    ) -> Result<TokenReceipt, StoreError>;

    /// Creates `new` and ends the token `old` at `until`, both or neither. If `until` is not after
    /// the time of the change, `old` is revoked; otherwise it expires then, unless it expires
    /// earlier.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::TokenInactive`] when `old` is not accepted any more.
    fn rotate_token(
        &self,
        change: &ChangeContext,
        old: &TokenId,
        new: &NewToken,
        until: Timestamp,
    ) -> Result<TokenReceipt, StoreError>;

    /// Stores when tokens were last used, if that is some minutes after the stored time. Writes no
    /// audit row.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn record_token_uses(&self, uses: &[TokenUse]) -> Result<(), StoreError>;

    /// Returns rows of the audit log.
    ///
    /// Each change writes its row in its own transaction, sealed with [`AuditEntry::seal`] over the
    /// seal of the previous row; so changes are serialized when they write their rows. Rows without
    /// a seal, which an older kt wrote, are sealed together with the next row. Rows are otherwise
    /// never changed, and never removed.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, StoreError>;

    /// Writes an audit row about an event that changes nothing else in the store.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn record_audit_event(
        &self,
        change: &ChangeContext,
        note: &AuditEvent,
    ) -> Result<(), StoreError>;
}
