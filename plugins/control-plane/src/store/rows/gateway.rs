//! Gateways.

use std::collections::BTreeMap;

use kt_control_api::{
    CreateGatewayRequest, DesiredVersion, DriftPolicy, Gateway, GatewayHalt, GatewayId,
    GatewayPatch, Halt, Instance, SyncState, Timestamp, TokenId,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::token::NewToken;
use super::version::NewVersion;
use crate::store::table::row;

row! {
    /// A gateway as it is stored and exported.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct GatewayRow in "gateways" {
        /// Its id.
        pub id: GatewayId,
        /// Its name.
        pub name: String,
        /// Its description.
        pub description: String,
        /// Its labels.
        pub labels: BTreeMap<String, String>,
        /// What the control plane does about drift.
        #[serde(default, skip_serializing_if = "DriftPolicy::is_default")]
        pub drift: DriftPolicy as "drift_policy",
        /// Its halt, which may have ended by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub halt: Option<Halt>,
        /// The number of changes of its halt.
        #[serde(default, skip_serializing_if = "is_zero")]
        pub halt_generation: u64,
        /// Its revision, which every change increments.
        pub rev: u64,
        /// Its generation, which every change increments that instances must act on.
        pub generation: u64,
        /// Generation of the last request to reload the source.
        pub reload_generation: u64,
        /// Generation of the last request to reconcile.
        pub reconcile_generation: u64,
        /// The highest version number.
        pub last_version: u64,
        /// The number of the desired version.
        pub desired_version: Option<u64>,
        /// When it was created.
        pub created_at: Timestamp,
        /// When it was last changed.
        pub updated_at: Timestamp,
        /// When it was deleted.
        pub deleted_at: Option<Timestamp>,
    }
}

/// A gateway to create.
#[derive(Debug, Clone)]
pub struct NewGateway {
    /// Its row, as [`GatewayRow::new`] builds it. The store sets its times and versions.
    pub gateway: GatewayRow,
    /// Its first version.
    pub version: Option<NewVersion>,
    /// Its token.
    pub token: Option<NewToken>,
    /// The bootstrap token that registers it, and is consumed by that.
    pub bootstrap_token: Option<TokenId>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature of serde")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl GatewayRow {
    /// The columns that users do not set: those that a new version or a request to the instances
    /// changes.
    pub(in crate::store) const PROGRESS: &[&str] = &[
        "rev",
        "generation",
        "reload_generation",
        "reconcile_generation",
        "last_version",
        "desired_version",
        "halt",
        "halt_generation",
        "updated_at",
    ];

    /// Builds the row of a new gateway from a validated request.
    #[must_use]
    pub fn new(id: GatewayId, request: &CreateGatewayRequest) -> Self {
        Self {
            id,
            name: request.name.clone(),
            description: request.description.clone(),
            labels: request.labels.clone(),
            drift: request.drift,
            halt: None,
            halt_generation: 0,
            rev: 1,
            generation: 1,
            reload_generation: 0,
            reconcile_generation: 0,
            last_version: 0,
            desired_version: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            deleted_at: None,
        }
    }

    /// Returns the row with a patch applied.
    pub(in crate::store) fn patched(&self, patch: &GatewayPatch) -> Self {
        let mut patched = self.clone();
        if let Some(name) = &patch.name {
            patched.name.clone_from(name);
        }
        if let Some(description) = &patch.description {
            patched.description.clone_from(description);
        }
        for (label, value) in patch.labels.iter().flatten() {
            match value {
                Some(value) => drop(patched.labels.insert(label.clone(), value.clone())),
                None => drop(patched.labels.remove(label)),
            }
        }
        patched.drift = patch.drift.unwrap_or(self.drift);
        patched
    }

    /// Returns what the audit log records of an update.
    pub(in crate::store) fn update_detail(&self) -> Value {
        json!({"name": self.name, "labels": self.labels, "drift": self.drift})
    }

    /// Returns the halt, unless it has ended by itself.
    #[must_use]
    pub fn halt_at(&self, now: Timestamp) -> Option<&Halt> {
        self.halt.as_ref().filter(|halt| halt.is_in_effect(now))
    }

    /// Returns the halt as the API shows it.
    pub(in crate::store) fn gateway_halt(&self, now: Timestamp) -> GatewayHalt {
        GatewayHalt {
            id: self.id.clone(),
            halt: self.halt_at(now).cloned(),
            halt_generation: self.halt_generation,
        }
    }

    /// Builds the gateway as the API shows it.
    pub(in crate::store) fn to_gateway(
        &self,
        desired: Option<DesiredVersion>,
        instances: Vec<Instance>,
        now: Timestamp,
    ) -> Gateway {
        Gateway {
            id: self.id.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
            labels: self.labels.clone(),
            created_at: self.created_at,
            updated_at: self.updated_at,
            rev: self.rev,
            generation: self.generation,
            last_version: self.last_version,
            halt: self.halt_at(now).cloned(),
            halt_generation: self.halt_generation,
            drift: self.drift,
            state: SyncState::of_gateway(desired.as_ref(), self.generation, &instances),
            desired,
            instances,
        }
    }
}

impl NewGateway {
    /// Returns the row to insert at a time.
    pub(in crate::store) fn row(&self, now: Timestamp) -> GatewayRow {
        let version = self.version.as_ref().map(|_| 1);
        GatewayRow {
            last_version: version.unwrap_or(0),
            desired_version: version,
            created_at: now,
            updated_at: now,
            ..self.gateway.clone()
        }
    }

    /// Returns what the audit log records of the creation.
    pub(in crate::store) fn create_detail(&self) -> Value {
        let version = self.version.as_ref().map(|_| 1);
        json!({"name": self.gateway.name, "version": version, "token": self.token.is_some()})
    }

    /// Returns what the audit log records of the bootstrap token that is consumed.
    pub(in crate::store) fn consume_detail(&self) -> Value {
        json!({"gateway": self.gateway.id})
    }
}
