//! [`Policies`].

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::PolicyKind;
use crate::settings::PolicySettings;

/// The blocks under `policy`, whether or not the chain names them.
#[derive(Debug, Clone, Default)]
pub struct Policies(BTreeMap<PolicyKind, Arc<dyn PolicySettings>>);

impl Policies {
    /// Returns whether the block of a kind is present.
    #[must_use]
    pub fn has(&self, kind: PolicyKind) -> bool {
        self.0.contains_key(&kind)
    }

    /// Returns the kinds of the blocks.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = PolicyKind> {
        self.0.keys().copied()
    }

    /// Returns the block of a kind.
    pub(crate) fn block(&self, kind: PolicyKind) -> Option<&dyn PolicySettings> {
        self.0.get(&kind).map(AsRef::as_ref)
    }

    /// Adds the block of a kind.
    pub(crate) fn insert(&mut self, kind: PolicyKind, block: Arc<dyn PolicySettings>) {
        self.0.insert(kind, block);
    }

    /// Returns the blocks as JSON, by the names of the kinds.
    pub(crate) fn to_value(&self) -> Map<String, Value> {
        let blocks = self.0.iter();
        blocks
            .map(|(kind, block)| (kind.to_string(), block.to_value()))
            .collect()
    }
}
