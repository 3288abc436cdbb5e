//! Which contents of versions are kept.

use kt_control_api::{GatewayId, VersionRange};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::receipt::Repeatable;
use super::snapshot::GatewaySnapshot;

/// Asks that contents of old versions be taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PruneOptions {
    /// How many of the newest versions keep theirs.
    pub keep: u64,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
    /// Why.
    pub reason: Option<String>,
}

/// What a prune took away. Kept with the caller's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PruneReceipt {
    /// The gateway.
    pub gateway: GatewayId,
    /// The versions, from the first.
    pub versions: Vec<VersionRange>,
    /// The bytes of contents that no other version has.
    pub bytes: u64,
    /// Whether the same request had been carried out before.
    #[serde(skip)]
    pub replayed: bool,
}

impl Repeatable for PruneReceipt {
    fn replayed(self) -> Self {
        Self {
            replayed: true,
            ..self
        }
    }
}

impl PruneOptions {
    /// What the trail says of it.
    pub(super) fn detail(&self, pruned: &PruneReceipt) -> Value {
        json!({
            "keep": self.keep,
            "versions": pruned.versions,
            "bytes": pruned.bytes,
            "reason": self.reason,
        })
    }

    /// The newest version that may lose its content.
    pub(super) fn up_to(&self, current: &GatewaySnapshot) -> u64 {
        current.gateway.last_version.saturating_sub(self.keep)
    }
}

impl GatewaySnapshot {
    /// Whether the gateway or one of its instances may still ask for what a version holds.
    pub(super) fn needs(&self, version: u64) -> bool {
        let desired = self.desired.as_ref();
        desired.is_some_and(|desired| desired.version == version)
            || self.instances.iter().any(|instance| {
                let report = &instance.report;
                let applied = report.applied.as_ref().and_then(|one| one.version);
                let observed = report.observed.as_ref().and_then(|one| one.version);
                [applied, observed].contains(&Some(version))
            })
    }
}

/// Joins numbers, which must rise, to ranges.
pub(super) fn ranges(versions: &[u64]) -> Vec<VersionRange> {
    let mut found: Vec<VersionRange> = Vec::new();
    for &version in versions {
        match found.last_mut() {
            Some(range) if range.to + 1 == version => range.to = version,
            _ => found.push(VersionRange {
                from: version,
                to: version,
            }),
        }
    }
    found
}
