//! The store in domain terms.

use kt_control_api::{
    AuditEntry, ConfigVersion, GatewayId, GatewayPatch, RevertRequest, StatusReport, Timestamp,
    TokenHash, TokenId,
};

use super::change::{AuditEvent, ChangeContext, GatewayAction, GatewayRef};
use super::error::StoreError;
use super::filter::{AuditFilter, GatewayFilter, TokenFilter};
use super::receipt::{ChangeReceipt, ReportReceipt, TokenReceipt};
use super::retention::{PruneOptions, PruneReceipt};
use super::rows::{NewGateway, NewToken, NewVersion, TokenRecord};
use super::snapshot::GatewaySnapshot;
use super::token_use::TokenUse;

/// What the control plane keeps. Every method blocks; none waits without bound.
pub trait Store: Send + Sync {
    /// Returns the id of the history this store holds; a restored store has another.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn epoch(&self) -> Result<String, StoreError>;

    /// Returns the version of the schema.
    fn schema(&self) -> u32;

    /// Returns a number that differs from the last one when anything was changed meanwhile, by
    /// this process or another.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn change_counter(&self) -> Result<u64, StoreError>;

    /// Proves that the store can be read and written.
    ///
    /// # Errors
    /// When it cannot.
    fn probe(&self) -> Result<(), StoreError>;

    /// Returns a gateway and its instances.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or [`StoreError::Gone`] for the id of a deleted one.
    fn find(&self, key: &GatewayRef) -> Result<GatewaySnapshot, StoreError>;

    /// Returns gateways in the order of their names.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn list(&self, filter: &GatewayFilter) -> Result<Vec<GatewaySnapshot>, StoreError>;

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

    /// Returns one version.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    fn version(&self, gateway: &GatewayId, version: u64) -> Result<ConfigVersion, StoreError>;

    /// Returns the content of one version, verbatim.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::ContentPruned`] when it was taken away.
    fn content(&self, gateway: &GatewayId, version: u64) -> Result<String, StoreError>;

    /// Registers a gateway with its first version and its token, and spends the bootstrap token,
    /// all or nothing.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`]; [`StoreError::TokenInactive`] when the bootstrap token is not
    /// accepted any more.
    fn create(&self, change: &ChangeContext, new: &NewGateway)
    -> Result<ChangeReceipt, StoreError>;

    /// Changes name, description, labels or what is done about drift.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`], [`StoreError::RevisionMismatch`].
    fn update(
        &self,
        change: &ChangeContext,
        key: &GatewayRef,
        patch: &GatewayPatch,
    ) -> Result<ChangeReceipt, StoreError>;

    /// Deletes a gateway, revokes its tokens and frees its name. Its history stays.
    ///
    /// # Errors
    /// [`StoreError::RevisionMismatch`].
    fn delete(&self, change: &ChangeContext, key: &GatewayRef)
    -> Result<ChangeReceipt, StoreError>;

    /// Publishes a version and makes it desired, unless it means the same as what is desired.
    ///
    /// # Errors
    /// [`StoreError::RevisionMismatch`].
    fn publish(
        &self,
        change: &ChangeContext,
        key: &GatewayRef,
        new: &NewVersion,
    ) -> Result<ChangeReceipt, StoreError>;

    /// Publishes the content of an older version as the next one, unless it means the same as
    /// what is desired.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the version, [`StoreError::ContentPruned`],
    /// [`StoreError::RevisionMismatch`].
    fn revert(
        &self,
        change: &ChangeContext,
        key: &GatewayRef,
        revert: &RevertRequest,
    ) -> Result<ChangeReceipt, StoreError>;

    /// Asks something of the gateway's instances; a reconcile only when one of them needs it.
    ///
    /// # Errors
    /// [`StoreError::NoConfiguration`], [`StoreError::RevisionMismatch`].
    fn act(
        &self,
        change: &ChangeContext,
        key: &GatewayRef,
        ask: &GatewayAction,
    ) -> Result<ChangeReceipt, StoreError>;

    /// Pins a version, whose content is then kept, or no longer.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the version; [`StoreError::ContentPruned`] when it is to be
    /// pinned and has lost its content.
    fn pin(
        &self,
        change: &ChangeContext,
        key: &GatewayRef,
        version: u64,
        pinned: bool,
    ) -> Result<ChangeReceipt, StoreError>;

    /// Takes away the contents of old versions that are not pinned and that no instance serves or
    /// was told of. What the versions are, and their hashes, stays.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn prune(
        &self,
        change: &ChangeContext,
        key: &GatewayRef,
        prune: &PruneOptions,
    ) -> Result<PruneReceipt, StoreError>;

    /// Takes an instance's report.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Gone`].
    fn report(
        &self,
        now: Timestamp,
        key: &GatewayRef,
        report: &StatusReport,
    ) -> Result<ReportReceipt, StoreError>;

    /// Remembers a token; a token that is known already stays as it is, revoked ones included.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn add_token(&self, change: &ChangeContext, token: &NewToken) -> Result<(), StoreError>;

    /// Returns what is known of a token, revoked and expired ones included.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn token(&self, hash: &TokenHash) -> Result<Option<TokenRecord>, StoreError>;

    /// Returns whether there is a token of scope admin that is neither revoked nor expired.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn has_admin_token(&self, now: Timestamp) -> Result<bool, StoreError>;

    /// Makes a token. Unlike [`Store::add_token`] it heeds the caller's key and checks that the
    /// gateway of the token exists.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] or [`StoreError::Gone`] for the gateway.
    fn create_token(
        &self,
        change: &ChangeContext,
        new: &NewToken,
    ) -> Result<TokenReceipt, StoreError>;

    /// Returns tokens, those made last first; of those made at one time, the higher id first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn tokens(&self, filter: &TokenFilter) -> Result<Vec<TokenRecord>, StoreError>;

    /// Returns one token by its id, revoked and expired ones included.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    fn token_by_id(&self, id: &TokenId) -> Result<TokenRecord, StoreError>;

    /// Revokes a token, unless it was revoked before.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    fn revoke_token(
        &self,
        change: &ChangeContext,
        id: &TokenId,
    ) -> Result<TokenReceipt, StoreError>;

    /// Makes `new` and ends the token `old` at `until`, both or neither: at or before the time
    /// of the change it is revoked, later it expires then, unless it does so sooner by itself.
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

    /// Remembers when tokens were last used, if that is some minutes later than what is known.
    /// Makes no row of the trail.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn record_token_uses(&self, uses: &[TokenUse]) -> Result<(), StoreError>;

    /// Returns rows of the trail of changes.
    ///
    /// Each change has written its row in its own transaction, sealed with
    /// [`AuditEntry::seal`] over the seal of the row before; so writers of rows take turns. Rows
    /// that have no seal, because a kt that knows of none wrote them, are sealed with the next
    /// one. Rows are never changed otherwise, and never removed.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, StoreError>;

    /// Writes a row of the trail about something that changes nothing else in the store.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn record_audit_event(
        &self,
        change: &ChangeContext,
        note: &AuditEvent,
    ) -> Result<(), StoreError>;
}
