//! The store in domain terms.

use std::collections::BTreeMap;

use kt_control_api::{
    AuditEntry, ConfigVersion, ContentHash, DriftPolicy, GatewayId, GatewayPatch, RevertRequest,
    StatusReport, Timestamp, TokenHash, TokenId, VersionOrigin,
};
use serde_json::{Value, json};

use super::filter::{AuditFilter, GatewayFilter, TokenFilter};
use super::{
    ChangeReceipt, GatewaySnapshot, NewToken, PruneOptions, PruneReceipt, ReportReceipt,
    StoreError, TokenReceipt, TokenRecord, TokenUse,
};

/// How a caller names a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayRef {
    /// By id; also finds that it was deleted.
    Id(GatewayId),
    /// By its current name.
    Name(String),
}

impl GatewayRef {
    /// Takes an id or, when the text is none, a name.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        text.parse()
            .map_or_else(|_| Self::Name(text.to_owned()), Self::Id)
    }
}

/// Who changes something, when, and under which conditions.
#[derive(Debug, Clone)]
pub struct ChangeContext {
    /// Name for the history.
    pub actor: String,
    /// Id of the request.
    pub request_id: String,
    /// The time of the change.
    pub now: Timestamp,
    /// The revision the gateway must have.
    pub if_match: Option<u64>,
    /// Makes a repetition of the same request harmless.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// How long a key is remembered: 24 hours, in microseconds.
pub(super) const KEY_MEMORY: i64 = 24 * 3600 * 1_000_000;

/// A key that a caller sent with a request, and what the request was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key; belongs to the actor.
    pub key: String,
    /// SHA-256 of the request, to notice a key that is used for another one.
    pub fingerprint: [u8; 32],
}

/// A gateway to register.
#[derive(Debug, Clone)]
pub struct NewGateway {
    /// Its id.
    pub id: GatewayId,
    /// Checked name.
    pub name: String,
    /// Checked description.
    pub description: String,
    /// Checked labels.
    pub labels: BTreeMap<String, String>,
    /// What is done about drift.
    pub drift: DriftPolicy,
    /// Its first version.
    pub version: Option<NewVersion>,
    /// Its token.
    pub token: Option<NewToken>,
    /// The bootstrap token that it is registered with, and that ends by it.
    pub bootstrap_token: Option<TokenId>,
}

impl NewGateway {
    /// What the trail says of the bootstrap token that `gateway` was registered with.
    pub(super) fn told_spent(gateway: &GatewayId) -> Value {
        json!({"gateway": gateway})
    }
}

/// A version to publish. It has passed validation.
#[derive(Debug, Clone)]
pub struct NewVersion {
    /// The configuration, verbatim.
    pub content: String,
    /// Hash of its canonical form.
    pub sha256: ContentHash,
    /// How it came to be.
    pub origin: VersionOrigin,
    /// Name of the file it was read from.
    pub source: Option<String>,
    /// Why.
    pub message: Option<String>,
}

/// What happened that changes nothing in the store.
#[derive(Debug, Clone)]
pub struct AuditEvent {
    /// Its kind, as in `store.backup`.
    pub action: &'static str,
    /// What it is about.
    pub target: String,
    /// More, without contents and tokens.
    pub detail: Value,
}

/// Something asked of a gateway that makes no version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayAction {
    /// Take the source again.
    Reload {
        /// Why.
        message: Option<String>,
    },
    /// Apply what is desired, even if it was refused or seems to be applied.
    Reconcile {
        /// Say what would be done, and do nothing.
        dry_run: bool,
        /// Why.
        reason: Option<String>,
    },
}

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
