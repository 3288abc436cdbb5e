//! [`Diff`] and its parts.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::patch::Patch;

/// The kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// The value is only in the target.
    Added,
    /// The value is only in the base.
    Removed,
    /// The value is different.
    Changed,
    /// The value has another position in a list where the order matters; `old` and `new` are
    /// positions counted from 0.
    Moved,
}

/// A change. Secrets are masked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The kind of the change.
    #[serde(rename = "op")]
    pub kind: ChangeKind,
    /// The path: `providers.targets[id=main].model`, `policies.chain[dlp-filter]`.
    pub path: String,
    /// The value in the base; null if there is none.
    pub old: Value,
    /// The value in the target; null if there is none.
    pub new: Value,
    /// The reason why the change weakens a guard, if it does.
    pub weakens: Option<String>,
    /// The location of the new value, as `base.yaml:41`; absent for removals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// The impact of the changes on a running gateway.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Impact {
    /// The paths whose change takes effect only after a restart.
    pub restart_required: Vec<String>,
    /// The paths whose change weakens a guard.
    pub guards_weakened: Vec<String>,
}

/// The semantic difference of two documents: empty exactly if they have the same meaning. Their
/// hashes may differ then, because they identify the notation. Serializes as
/// `kt.gateway.diff/v1`.
#[derive(Debug, Clone, PartialEq)]
pub struct Diff {
    /// The changes, in the order of their paths.
    pub changes: Vec<Change>,
    /// The hash of the base; `None` if everything is added.
    pub base_sha256: Option<String>,
    /// The hash of the target.
    pub target_sha256: String,
    /// The patch that turns the canonical form of the base into a document with the meaning of the
    /// target.
    pub patch: Patch,
    /// The base, masked.
    pub(super) base: Value,
    /// The target in the notation of the base, masked.
    pub(super) target: Value,
}

impl Diff {
    /// Returns whether the documents have the same meaning.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Returns the changes that weaken a guard.
    #[must_use]
    pub fn guards_weakened(&self) -> Vec<&Change> {
        self.changes
            .iter()
            .filter(|change| change.weakens.is_some())
            .collect()
    }

    /// Returns the impact of the changes on a running gateway.
    #[must_use]
    pub fn impact(&self) -> Impact {
        let weakened = self.guards_weakened().into_iter();
        Impact {
            // No setting of a document needs a restart in this version.
            restart_required: Vec::new(),
            guards_weakened: weakened.map(|change| change.path.clone()).collect(),
        }
    }

    /// Returns the number of changes of a kind.
    pub(super) fn count(&self, kind: ChangeKind) -> usize {
        let changes = self.changes.iter();
        changes.filter(|change| change.kind == kind).count()
    }
}

impl Serialize for Diff {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({
            "schema": "kt.gateway.diff/v1",
            "equal": self.is_empty(),
            "base": {"sha256": self.base_sha256},
            "target": {"sha256": self.target_sha256},
            "changes": self.changes,
            "summary": {
                "added": self.count(ChangeKind::Added),
                "removed": self.count(ChangeKind::Removed),
                "changed": self.count(ChangeKind::Changed),
                "moved": self.count(ChangeKind::Moved),
            },
            "impact": self.impact(),
            "patch": self.patch,
            "patch_masked": self.patch.masked,
        })
        .serialize(serializer)
    }
}
