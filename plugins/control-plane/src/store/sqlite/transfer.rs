//! The file as one end of a move.

use super::store::SqliteStore;
use super::{export, import};
use crate::store::{
    ChangeContext, ExportHeader, ImportSummary, RecordSink, RecordSource, Selection, StoreError,
    Transfer,
};

impl Transfer for SqliteStore {
    fn export(&self, selection: &Selection, take: &mut RecordSink<'_>) -> Result<(), StoreError> {
        self.read(|connection| export::export(connection, selection, take))
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
