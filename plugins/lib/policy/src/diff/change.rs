//! [`Diff`] and its parts.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::patch::{self, Patch};
use super::{compare, mask, render, weaken};
use crate::model::Document;

/// What happened to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// It is only in the target.
    Added,
    /// It is only in the base.
    Removed,
    /// It has another value.
    Changed,
    /// It has another place in a list where order matters; `old` and `new`
    /// are positions counted from 0.
    Moved,
}

/// One change. Secrets are already masked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// What happened.
    pub op: Op,
    /// Where: `providers.targets[id=main].model`, `policies.chain[dlp-filter]`.
    pub path: String,
    /// Value in the base; null when there is none.
    pub old: Value,
    /// Value in the target; null when there is none.
    pub new: Value,
    /// Why the change weakens a guard, when it does.
    pub weakens: Option<String>,
    /// Where the new value stands, as `base.yaml:41`; absent for removals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// What a change means for a running gateway.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Impact {
    /// Paths that take effect only at the next start.
    pub restart_required: Vec<String>,
    /// Paths whose change weakens a guard.
    pub guards_weakened: Vec<String>,
}

/// The semantic difference of two documents: empty exactly when their hashes
/// are equal. Serialises as `kt.gateway.diff/v1`.
#[derive(Debug, Clone, PartialEq)]
pub struct Diff {
    /// The changes, in the order of their paths.
    pub changes: Vec<Change>,
    /// Hash of the base.
    pub base_sha256: String,
    /// Hash of the target.
    pub target_sha256: String,
    /// What turns the canonical form of the base into that of the target.
    pub patch: Patch,
    pub(crate) before: Value,
    pub(crate) after: Value,
}

/// Compares two documents.
#[must_use]
pub fn diff(base: &Document, target: &Document) -> Diff {
    let (before, after) = (base.to_value(), target.to_value());
    let found = compare::compare(&before, &after);
    let changes = found
        .into_iter()
        .map(|change| {
            let from = change
                .place
                .as_deref()
                .and_then(|path| origin(target, path));
            Change {
                op: change.op,
                weakens: weaken::reason(&change),
                old: mask::mask(&change.path, change.old, &base.sha256()),
                new: mask::mask(&change.path, change.new, &base.sha256()),
                path: change.path,
                from,
            }
        })
        .collect();
    Diff {
        changes,
        base_sha256: base.sha256(),
        target_sha256: target.sha256(),
        patch: patch::patch(&before, &after, &base.sha256()),
        before: mask::mask("", before, &base.sha256()),
        after: mask::mask("", after, &base.sha256()),
    }
}

/// `base.yaml:41` for a path with plain indexes.
fn origin(document: &Document, path: &str) -> Option<String> {
    let place = document.place(path)?;
    Some(format!("{}:{}", document.source_name(place), place.line))
}

impl Diff {
    /// Whether the documents mean the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The changes that weaken a guard.
    #[must_use]
    pub fn guards_weakened(&self) -> Vec<&Change> {
        self.changes
            .iter()
            .filter(|change| change.weakens.is_some())
            .collect()
    }

    /// What the change means for a running gateway.
    #[must_use]
    pub fn impact(&self) -> Impact {
        let paths = |wanted: &dyn Fn(&Change) -> bool| {
            self.changes
                .iter()
                .filter(|change| wanted(change))
                .map(|change| change.path.clone())
                .collect()
        };
        Impact {
            // Nothing of a document needs a restart in this version.
            restart_required: Vec::new(),
            guards_weakened: paths(&|change| change.weakens.is_some()),
        }
    }

    /// One line per change and a summary, for people.
    #[must_use]
    pub fn text(&self) -> String {
        render::text(self)
    }

    /// Both sides as indented JSON in the form of `diff -u`; empty when equal.
    #[must_use]
    pub fn unified(&self, base_name: &str, target_name: &str) -> String {
        render::unified(self, base_name, target_name)
    }

    /// How many changes of a kind there are.
    pub(crate) fn count(&self, op: Op) -> usize {
        self.changes.iter().filter(|change| change.op == op).count()
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
                "added": self.count(Op::Added),
                "removed": self.count(Op::Removed),
                "changed": self.count(Op::Changed),
                "moved": self.count(Op::Moved),
            },
            "impact": self.impact(),
            "patch": self.patch,
            "patch_masked": self.patch.masked,
        })
        .serialize(serializer)
    }
}
