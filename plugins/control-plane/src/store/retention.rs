//! Retention of the contents of versions.

use kt_control_api::{GatewayId, VersionRange};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::receipt::Repeatable;
use super::snapshot::GatewaySnapshot;

/// Which contents to prune.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PruneOptions {
    /// How many of the newest versions keep their contents.
    pub keep: u64,
    /// Only report what would be done.
    pub dry_run: bool,
    /// The reason.
    pub reason: Option<String>,
}

/// The result of a prune. Stored with the idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PruneReceipt {
    /// The gateway.
    pub gateway: GatewayId,
    /// The versions, in ascending order.
    pub versions: Vec<VersionRange>,
    /// The bytes of contents that no other version has.
    pub bytes: u64,
    /// Whether the receipt is that of an earlier, identical request.
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
    /// Returns what the audit log records of it.
    pub(super) fn detail(&self, pruned: &PruneReceipt) -> Value {
        json!({
            "keep": self.keep,
            "versions": pruned.versions,
            "bytes": pruned.bytes,
            "reason": self.reason,
        })
    }

    /// Returns the newest version whose content may be pruned.
    pub(super) fn up_to(&self, current: &GatewaySnapshot) -> u64 {
        current.gateway.last_version.saturating_sub(self.keep)
    }
}

impl GatewaySnapshot {
    /// Returns whether the gateway or one of its instances may still fetch the content of a
    /// version.
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

/// Joins ascending numbers to ranges.
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
