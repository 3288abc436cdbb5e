//! What an import takes, and what it leaves.

use std::collections::HashSet;

use kt_control_api::{ContentHash, GatewayId};

use super::contract::ImportSummary;
use super::record::ExportRecord;
use crate::store::StoreError;

/// What an import has to watch over while rows go into a store.
#[derive(Debug)]
pub(in crate::store) struct ImportProgress {
    /// Whether the store was empty and takes everything.
    pub(in crate::store) whole: bool,
    pub(in crate::store) imported: ImportSummary,
    known: HashSet<GatewayId>,
    /// Place and seal of the newest sealed row of the trail, as it was exported.
    pub(in crate::store) head: Option<(u64, ContentHash)>,
}

impl ImportProgress {
    pub(in crate::store) fn new(whole: bool) -> Self {
        Self {
            whole,
            imported: ImportSummary::default(),
            known: HashSet::new(),
            head: None,
        }
    }

    /// Whether a row belongs into the store; counts it when it does.
    pub(in crate::store) fn accept(&mut self, record: &ExportRecord) -> bool {
        match record {
            ExportRecord::Gateway(row) => {
                if !self.whole && row.deleted_at.is_some() {
                    return false;
                }
                self.known.insert(row.id.clone());
                self.imported.gateways.push(row.id.clone());
            }
            ExportRecord::Version(row) => {
                if !self.knows(&row.gateway) {
                    return false;
                }
                self.imported.versions += 1;
            }
            ExportRecord::Token(row) => {
                let bound = row.gateway.as_ref().is_some_and(|id| self.knows(id));
                if !(bound || self.whole && row.gateway.is_none()) {
                    return false;
                }
                self.imported.tokens += 1;
            }
            ExportRecord::Audit(row) => {
                if !self.whole {
                    return false;
                }
                self.imported.audit += 1;
                self.head = row.hash.map(|hash| (row.seq, hash)).or(self.head);
            }
            ExportRecord::Answer(row) => return self.knows(&row.gateway),
            ExportRecord::Content(_) => {}
        }
        true
    }

    fn knows(&self, gateway: &GatewayId) -> bool {
        self.known.contains(gateway)
    }

    /// Compares the seal that the store computed for the newest row with the exported one: each
    /// seal hangs on all before it, so one comparison covers the trail.
    pub(in crate::store) fn check_head(
        &self,
        found: Option<ContentHash>,
    ) -> Result<(), StoreError> {
        match self.head {
            Some((seq, hash)) if found != Some(hash) => Err(StoreError::Corrupt(format!(
                "the trail is not as it was sealed: its rows do not lead to the seal of row {seq}"
            ))),
            _ => Ok(()),
        }
    }
}
