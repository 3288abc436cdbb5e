//! What a store does to be moved.

use kt_control_api::GatewayId;

use super::record::{ExportHeader, ExportRecord};
use crate::store::{ChangeContext, StoreError};

/// How many rows of the trail are read at a time.
pub const AUDIT_PAGE_ROWS: usize = 1000;

/// Which part of a store is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Everything, deleted gateways and the trail included.
    Whole,
    /// These gateways, with their own tokens and without the trail.
    Gateways(Vec<GatewayId>),
}

impl Selection {
    pub(in crate::store) fn contains(&self, id: &str) -> bool {
        match self {
            Self::Whole => true,
            Self::Gateways(ids) => ids.iter().any(|wanted| wanted.as_str() == id),
        }
    }

    /// Whether a token belongs to it, which may be for a gateway.
    pub(in crate::store) fn has_token_of(&self, gateway: Option<&GatewayId>) -> bool {
        gateway.map_or(*self == Self::Whole, |id| self.contains(id.as_str()))
    }
}

/// Takes the records of an export, one after another.
pub type RecordSink<'a> = dyn FnMut(ExportRecord) -> Result<(), StoreError> + 'a;

/// The records to import; an error among them takes the whole import back.
pub type RecordSource<'a> = dyn Iterator<Item = Result<ExportRecord, StoreError>> + 'a;

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// The gateways that are new.
    pub gateways: Vec<GatewayId>,
    /// Their versions, all together.
    pub versions: u64,
    /// Tokens that work here now.
    pub tokens: u64,
    /// Rows of the trail that were taken over.
    pub audit: u64,
}

/// What a store does to be moved.
pub trait Transfer {
    /// Tells what the store keeps, as of one moment.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a selected gateway; what `take` returns; when the store
    /// cannot be read.
    fn export(&self, selection: &Selection, take: &mut RecordSink<'_>) -> Result<(), StoreError>;

    /// Takes records in, all or none.
    ///
    /// A whole store into an empty one is taken as it is, trail and seals included. Otherwise the
    /// gateways join those that are there, with the tokens that are bound to them, and the trail
    /// gets a row for each.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] when an id or a name is taken; [`StoreError::Corrupt`] when the
    /// trail does not lead to the seal it had; what the records return.
    fn import(
        &self,
        change: &ChangeContext,
        header: &ExportHeader,
        records: &mut RecordSource<'_>,
    ) -> Result<ImportSummary, StoreError>;
}
