//! Export and import of the database.

use super::session::Session;
use super::store::PostgresStore;
use super::{export, import, rows};
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

    fn version_count(&self) -> Result<u64, StoreError> {
        let sql = "SELECT coalesce(sum(last_version), 0)::bigint FROM gateways";
        self.transfer_rows(async |session: &mut Session| {
            let row = session.row(sql, &[]).await?;
            let count: i64 = row.as_ref().map_or(Ok(0), rows::only)?;
            Ok(u64::try_from(count).unwrap_or_default())
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
