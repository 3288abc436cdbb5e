//! What an import accepts.

use std::collections::HashSet;

use kt_control_api::{ContentHash, GatewayId};

use super::contract::ImportSummary;
use super::record::ExportRecord;
use crate::store::StoreError;

/// The progress of an import.
#[derive(Debug)]
pub(in crate::store) struct ImportProgress {
    /// Whether the store was empty, and everything is imported.
    pub(in crate::store) whole: bool,
    pub(in crate::store) imported: ImportSummary,
    known: HashSet<GatewayId>,
    /// Number and seal of the newest sealed audit row, as exported.
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

    /// Returns whether a record is to be imported, and counts it then.
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
            ExportRecord::ApplyOutcome(row) => return self.knows(&row.gateway),
            ExportRecord::Content(_) => {}
        }
        true
    }

    fn knows(&self, gateway: &GatewayId) -> bool {
        self.known.contains(gateway)
    }

    /// Compares the seal that the store computed for the newest row with the exported one. Each
    /// seal covers all rows before it, so one comparison covers the audit log.
    pub(in crate::store) fn check_head(
        &self,
        computed: Option<ContentHash>,
    ) -> Result<(), StoreError> {
        match self.head {
            Some((seq, hash)) if computed != Some(hash) => Err(StoreError::Corrupt(format!(
                "the audit log is corrupt: its rows do not result in the seal of row {seq}"
            ))),
            _ => Ok(()),
        }
    }
}
