//! Halts: a gateway whose instances refuse every request until it is resumed.

use serde::{Deserialize, Serialize};

use crate::{GatewayId, Timestamp};

/// The longest duration of a halt that ends by itself, in seconds: a year.
pub const MAX_HALT_SECONDS: u64 = 365 * 24 * 3600;

/// Why a gateway refuses every request, and until when. It concerns no version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Halt {
    /// The reason, which callers receive.
    pub reason: String,
    /// Who halted the gateway.
    pub by: String,
    /// Since when it is halted.
    pub since: Timestamp,
    /// When the halt ends by itself; `None` if only `unhalt` ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Halt {
    /// Returns whether the halt has not ended by itself.
    #[must_use]
    pub fn is_in_effect(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// Halts a gateway, or replaces reason and end of its halt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HaltRequest {
    /// The reason, which callers receive.
    pub reason: String,
    /// After how many seconds the halt ends by itself, 1 to 31536000; never if it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_seconds: Option<u64>,
}

/// Ends the halt of a gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UnhaltRequest {
    /// The reason, for the audit log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The most gateways that one request halts, or ends the halt of.
pub const MAX_HALTED_GATEWAYS: usize = 1000;

/// Halts several gateways, all or none of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HaltGatewaysRequest {
    /// The gateways, 1 to 1000.
    pub gateways: Vec<GatewayId>,
    /// The reason, which callers receive.
    pub reason: String,
    /// After how many seconds the halt ends by itself, 1 to 31536000; never if it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_seconds: Option<u64>,
}

/// Ends the halts of several gateways, all or none of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UnhaltGatewaysRequest {
    /// The gateways, 1 to 1000.
    pub gateways: Vec<GatewayId>,
    /// The reason, for the audit log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The halt of one of several gateways after a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct GatewayHalt {
    /// The gateway.
    pub id: GatewayId,
    /// Its halt, if it is halted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halt: Option<Halt>,
    /// The number of the last change of its halt.
    pub halt_generation: u64,
}

/// The response to a change of the halts of several gateways.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HaltGatewaysResponse {
    /// The halts of those gateways that exist.
    pub gateways: Vec<GatewayHalt>,
}

/// What an instance reports of halts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct InstanceHalt {
    /// The last `halt_generation` that the instance has acted on.
    pub generation: u64,
    /// Whether the instance refuses requests, also because of a halt through its local socket.
    pub halted: bool,
}
