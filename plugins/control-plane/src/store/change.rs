//! What callers pass with a change: the gateway, the context, and what is requested.

use kt_control_api::{GatewayId, Timestamp};
use serde_json::Value;

/// A reference to a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayRef {
    /// Its id. A deleted gateway is reported as deleted.
    Id(GatewayId),
    /// Its current name.
    Name(String),
}

impl GatewayRef {
    /// Parses an id or, if the text is not one, a name.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        text.parse()
            .map_or_else(|_| Self::Name(text.to_owned()), Self::Id)
    }
}

/// The actor, time and conditions of a change.
#[derive(Debug, Clone)]
pub struct ChangeContext {
    /// The name of the actor in the audit log.
    pub actor: String,
    /// Id of the request.
    pub request_id: String,
    /// The time of the change.
    pub now: Timestamp,
    /// The revision that the gateway must have.
    pub if_match: Option<u64>,
    /// The idempotency key of the request, if it has one.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// How long idempotency keys are stored: 24 hours, in microseconds.
pub(super) const IDEMPOTENCY_KEY_LIFETIME: i64 = 24 * 3600 * 1_000_000;

/// An idempotency key, and a hash of its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key, which is unique per actor.
    pub key: String,
    /// SHA-256 of the request, to detect a key that is used for another one.
    pub fingerprint: [u8; 32],
}

/// An event that changes nothing in the store.
#[derive(Debug, Clone)]
pub struct AuditEvent {
    /// Its action, as in `store.backup`.
    pub action: &'static str,
    /// The object that it is about.
    pub target: String,
    /// Details, without contents and tokens.
    pub detail: Value,
}

/// A change of the halt of a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HaltChange {
    /// Halts it, or replaces reason and end of its halt.
    Halt {
        /// The reason, which callers receive.
        reason: String,
        /// When the halt ends by itself.
        until: Option<Timestamp>,
    },
    /// Ends its halt.
    Unhalt {
        /// The reason.
        reason: Option<String>,
    },
}

/// A request to the instances of a gateway that creates no version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayAction {
    /// Reload the source.
    Reload {
        /// The reason.
        message: Option<String>,
    },
    /// Apply the desired version again in every instance, so that references to secrets are
    /// resolved again. Unlike [`GatewayAction::Reload`], an instance that was started with files
    /// does not read them.
    Reapply {
        /// The reason.
        message: Option<String>,
    },
    /// Apply the desired version, even if it was rejected or seems to be applied.
    Reconcile {
        /// Only report what would be done.
        dry_run: bool,
        /// The reason.
        reason: Option<String>,
    },
    /// Refuse every request, or accept them again. Concerns no version.
    Halt(HaltChange),
}
