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

    fn version_count(&self) -> Result<u64, StoreError> {
        let sql = "SELECT ifnull(sum(last_version), 0) FROM gateways";
        self.read(|connection| Ok(connection.query_row(sql, [], |row| row.get(0))?))
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
