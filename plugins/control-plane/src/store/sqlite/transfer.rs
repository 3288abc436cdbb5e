//! Export and import of the file.

use super::store::SqliteStore;
use super::{export, import};
use crate::store::{
    ChangeContext, ExportHeader, ImportSummary, RecordSink, RecordSource, Selection, StoreError,
    Transfer,
};

impl Transfer for SqliteStore {
    fn export(&self, selection: &Selection, sink: &mut RecordSink<'_>) -> Result<(), StoreError> {
        self.read(|connection| export::export(connection, selection, sink))
    }

    fn import(
        &self,
        change: &ChangeContext,
        header: &ExportHeader,
        records: &mut RecordSource<'_>,
    ) -> Result<ImportSummary, StoreError> {
        self.write(|transaction| import::import(transaction, change, header, records))
    }
}
