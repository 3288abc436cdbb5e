//! What would be done to which gateways.

use kt_control_api::{Gateway, GatewayId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The plan of one command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Name and version of the format.
    pub format: String,
    /// The command: `reload`, `reconcile`, `update` or `prune`.
    pub verb: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// The address of the control plane.
    pub control_plane: String,
    /// The selector.
    pub selector: String,
    /// What the command does to each gateway, in its own form.
    pub request: Value,
    /// The selected gateways, by name.
    pub gateways: Vec<PlannedChange>,
}

/// What would be done to one gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedChange {
    /// Its id.
    pub id: GatewayId,
    /// Its name.
    pub name: String,
    /// The revision that the plan is based on: the change fails if there is another one then.
    pub rev: u64,
    /// The desired version.
    pub version: Option<u64>,
    /// The number of live instances.
    pub instances: usize,
    /// What changes, in words; `None` if nothing does.
    pub change: Option<String>,
    /// The guards that the change weakens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weakened: Vec<String>,
}

impl Plan {
    /// The format of plans and of the records that begin with one.
    pub const FORMAT: &str = "kt.fleet-record/1";

    /// Returns the gateways that are changed.
    pub fn changes(&self) -> impl Iterator<Item = &PlannedChange> {
        self.gateways.iter().filter(|one| one.change.is_some())
    }
}

impl PlannedChange {
    /// Plans nothing for a gateway.
    #[must_use]
    pub fn none(gateway: &Gateway) -> Self {
        Self {
            id: gateway.id.clone(),
            name: gateway.name.clone(),
            rev: gateway.rev,
            version: gateway.desired.as_ref().map(|desired| desired.version),
            instances: gateway.live_instances().count(),
            change: None,
            weakened: Vec::new(),
        }
    }

    /// Plans a change of a gateway.
    #[must_use]
    pub fn of(gateway: &Gateway, change: impl Into<String>) -> Self {
        Self {
            change: Some(change.into()),
            ..Self::none(gateway)
        }
    }
}
