//! The database as one end of a move.

use super::session::Session;
use super::store::PostgresStore;
use super::{export, import};
use crate::store::{
    ChangeContext, ExportHeader, ImportSummary, RecordSink, RecordSource, Selection, StoreError,
    Transfer,
};

impl Transfer for PostgresStore {
    fn export(&self, selection: &Selection, take: &mut RecordSink<'_>) -> Result<(), StoreError> {
        self.transfer_rows(async |session: &mut Session| {
            export::export(session, selection, take).await
        })
    }

    fn import(
        &self,
        change: &ChangeContext,
        header: &ExportHeader,
        records: &mut RecordSource<'_>,
    ) -> Result<ImportSummary, StoreError> {
        self.transfer_rows(async |session: &mut Session| {
            import::import(session, change, header, records).await
        })
    }
}
