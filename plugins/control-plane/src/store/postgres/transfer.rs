//! Export and import of the database.

use std::time::Duration;

use super::query_error::QueryError;
use super::session::Session;
use super::store::PostgresStore;
use super::{export, import, rows};
use crate::store::{
    ChangeContext, ExportHeader, ImportSummary, RecordSink, RecordSource, Selection, StoreError,
    Transfer,
};

/// Timeout for exporting or importing a whole store. Each statement has the usual timeout.
const TRANSFER_TIMEOUT: Duration = Duration::from_hours(1);

impl PostgresStore {
    /// Processes all data of the database once, with a longer timeout.
    fn transfer_rows<T>(
        &self,
        work: impl AsyncFnOnce(&mut Session) -> Result<T, QueryError>,
    ) -> Result<T, StoreError> {
        self.wait_for(TRANSFER_TIMEOUT, async {
            let mut session = Session::of(&self.pool).await?;
            work(&mut session).await
        })
    }
}

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
