//! The results of changes. Receipts are stored with the idempotency key of the request, so they
//! must stay readable, and contain no secret.

use std::time::Duration;

use kt_control_api::{ConfigVersion, DriftPolicy, GatewayId, StatusReport, Timestamp, TokenId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::snapshot::{DesiredState, GatewaySnapshot};

/// The result of a change of a gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChangeReceipt {
    /// The gateway.
    pub gateway: GatewayId,
    /// The desired version after the change.
    pub version: Option<u64>,
    /// The generation after the change.
    pub generation: u64,
    /// Whether nothing was changed.
    pub unchanged: bool,
    /// Whether the receipt is that of an earlier, identical request.
    #[serde(skip)]
    pub replayed: bool,
    /// The gateway after the change and the published version, as the transaction saw them; `None`
    /// if none was published now.
    #[serde(skip)]
    pub published: Option<Box<(GatewaySnapshot, ConfigVersion)>>,
}

/// The result of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportReceipt {
    /// The gateway.
    pub gateway: GatewayId,
    /// The epoch of the store.
    pub epoch: String,
    /// The generation of the gateway.
    pub generation: u64,
    /// When the lease of the instance expires.
    pub lease_until: Timestamp,
    /// Whether the report was older than the last one.
    pub ignored: bool,
    /// Whether it has a rejection that the previous one did not have.
    pub rejected: bool,
    /// Whether it changes which instances are live, or what the instance has observed, applied or
    /// rejected.
    pub changed: bool,
    /// Whether drift of the gateway is to be repaired.
    pub repairs_drift: bool,
}

impl ReportReceipt {
    /// Creates the receipt of a report that extends the lease of its instance.
    pub(crate) fn new(now: Timestamp, current: &DesiredState, report: &StatusReport) -> Self {
        let gateway = &current.gateway;
        Self {
            gateway: gateway.id.clone(),
            epoch: current.epoch.clone(),
            generation: gateway.generation,
            lease_until: now + Duration::from_secs(report.lease_seconds.into()),
            ignored: false,
            rejected: false,
            changed: false,
            repairs_drift: gateway.drift == DriftPolicy::Repair,
        }
    }
}

/// The result of a change of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenReceipt {
    /// The token: the new one, if one was created.
    pub token: TokenId,
    /// Whether nothing was changed.
    pub unchanged: bool,
    /// Whether the receipt is that of an earlier, identical request.
    #[serde(skip)]
    pub replayed: bool,
}

impl TokenReceipt {
    /// Creates the receipt of a change.
    pub(super) fn of(token: &TokenId, unchanged: bool) -> Self {
        Self {
            token: token.clone(),
            unchanged,
            replayed: false,
        }
    }
}

/// A receipt that is stored to answer a repeated request.
pub(super) trait Repeatable: Serialize + DeserializeOwned {
    /// Marks it as the receipt of a repeated request.
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
