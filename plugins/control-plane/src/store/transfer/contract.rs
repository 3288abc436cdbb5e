//! The interface for export and import.

use kt_control_api::GatewayId;

use super::recent_contents::RecentContents;
use super::record::{ExportHeader, ExportRecord};
use crate::store::{ChangeContext, StoreError};

/// How many audit rows are read at a time.
pub const AUDIT_PAGE_ROWS: usize = 1000;

/// The part of a store to export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Everything, including deleted gateways and the audit log.
    Whole,
    /// These gateways with their own tokens, without the audit log.
    Gateways(Vec<GatewayId>),
    /// What an integrity check reads: everything but the audit log. A content that was exported
    /// long before is exported again, so that nobody has to remember all of them.
    IntegrityCheck,
}

impl Selection {
    pub(in crate::store) fn contains(&self, id: &str) -> bool {
        match self {
            Self::Whole | Self::IntegrityCheck => true,
            Self::Gateways(ids) => ids.iter().any(|selected| selected.as_str() == id),
        }
    }

    /// Returns whether a token of a gateway, or of none, is selected.
    pub(in crate::store) fn has_token_of(&self, gateway: Option<&GatewayId>) -> bool {
        let all = matches!(self, Self::Whole | Self::IntegrityCheck);
        gateway.map_or(all, |id| self.contains(id.as_str()))
    }

    /// Returns the contents that need not be exported again, of which there are none yet.
    pub(in crate::store) fn exported_contents(&self) -> RecentContents<()> {
        match self {
            Self::Whole | Self::Gateways(_) => RecentContents::unbounded(),
            Self::IntegrityCheck => RecentContents::for_check(),
        }
    }
}

/// Receives the records of an export, one after another.
pub type RecordSink<'a> = dyn FnMut(ExportRecord) -> Result<(), StoreError> + 'a;

/// The records to import; an error among them rolls the whole import back.
pub type RecordSource<'a> = dyn Iterator<Item = Result<ExportRecord, StoreError>> + 'a;

/// The result of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// The imported gateways.
    pub gateways: Vec<GatewayId>,
    /// The number of imported versions.
    pub versions: u64,
    /// The number of imported tokens.
    pub tokens: u64,
    /// The number of imported audit rows.
    pub audit: u64,
}

/// A store that can be exported and imported.
pub trait Transfer {
    /// Exports what the store holds, as of one moment.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a selected gateway; what `sink` returns; when the store cannot
    /// be read.
    fn export(&self, selection: &Selection, sink: &mut RecordSink<'_>) -> Result<(), StoreError>;

    /// Returns the number of versions that have been published.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn version_count(&self) -> Result<u64, StoreError>;

    /// Imports records, all or none.
    ///
    /// A whole store is imported unchanged into an empty one, including the audit log with its
    /// seals. Otherwise the gateways are added to the existing ones, with the tokens that are bound
    /// to them, and the audit log gets a row for each.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] when an id or a name is taken; [`StoreError::Corrupt`] when
    /// the imported audit log does not result in the exported seal; what the records return.
    fn import(
        &self,
        change: &ChangeContext,
        header: &ExportHeader,
        records: &mut RecordSource<'_>,
    ) -> Result<ImportSummary, StoreError>;
}
