//! Export and import of the database.

use super::session::Session;
use super::store::PostgresStore;
use super::{export, import};
use crate::store::{
    ChangeContext, ExportHeader, ImportSummary, RecordSink, RecordSource, Selection, StoreError,
    Transfer,
};

impl Transfer for PostgresStore {
    fn export(&self, selection: &Selection, sink: &mut RecordSink<'_>) -> Result<(), StoreError> {
        self.transfer_rows(async |session: &mut Session| {
            export::export(session, selection, sink).await
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
