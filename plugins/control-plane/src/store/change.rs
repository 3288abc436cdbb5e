//! What callers pass with a change: the gateway, the context, and what is requested.

use kt_control_api::{GatewayId, Timestamp};
use serde_json::Value;

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
pub(super) const IDEMPOTENCY_KEY_LIFETIME: i64 = 24 * 3600 * 1_000_000;

/// A key that a caller sent with a request, and what the request was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key; belongs to the actor.
    pub key: String,
    /// SHA-256 of the request, to notice a key that is used for another one.
    pub fingerprint: [u8; 32],
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
