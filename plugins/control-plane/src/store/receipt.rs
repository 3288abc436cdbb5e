//! What the store returns about a change. Receipts are stored with the caller's idempotency key, so
//! they must stay readable, and hold no secret.

use kt_control_api::{ConfigVersion, GatewayId, Timestamp, TokenId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::snapshot::GatewaySnapshot;

/// What a change did. Kept with the caller's key, so it must stay readable and hold no secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChangeReceipt {
    /// The gateway.
    pub gateway: GatewayId,
    /// The version desired after the change.
    pub version: Option<u64>,
    /// The generation after the change.
    pub generation: u64,
    /// Whether nothing had to be done.
    pub unchanged: bool,
    /// Whether the same request had been carried out before.
    #[serde(skip)]
    pub replayed: bool,
    /// The version that was made, and the gateway after it, as its transaction saw them; nothing
    /// when none was made now.
    #[serde(skip)]
    pub published: Option<Box<(GatewaySnapshot, ConfigVersion)>>,
}

/// What a report led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportReceipt {
    /// The gateway.
    pub gateway: GatewayId,
    /// The gateway's generation.
    pub generation: u64,
    /// Until when the instance counts as live.
    pub lease_until: Timestamp,
    /// Whether the report was older than one already known.
    pub ignored: bool,
    /// Whether it tells of a rejection that the one before did not have.
    pub refused: bool,
    /// Whether drift of the gateway is to be repaired.
    pub repairs: bool,
}

/// What a change of a token did. Kept with the caller's key, so it must stay readable and hold no
/// secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenReceipt {
    /// The token: the new one where one was made.
    pub token: TokenId,
    /// Whether nothing had to be done.
    pub unchanged: bool,
    /// Whether the same request had been carried out before.
    #[serde(skip)]
    pub replayed: bool,
}

impl TokenReceipt {
    /// That of a change just made.
    pub(super) fn of(token: &TokenId, unchanged: bool) -> Self {
        Self {
            token: token.clone(),
            unchanged,
            replayed: false,
        }
    }
}

/// What a change leaves behind, to answer a repetition of it.
pub(super) trait Repeatable: Serialize + DeserializeOwned {
    /// Marks it as that of a repetition.
    fn replayed(self) -> Self;
}

impl Repeatable for ChangeReceipt {
    fn replayed(self) -> Self {
        Self {
            replayed: true,
            ..self
        }
    }
}

impl Repeatable for TokenReceipt {
    fn replayed(self) -> Self {
        Self {
            replayed: true,
            ..self
        }
    }
}
