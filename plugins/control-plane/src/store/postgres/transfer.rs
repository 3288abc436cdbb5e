//! The database as one end of a move.

use super::session::Session;
use super::store::Postgres;
use super::{export, import};
use crate::store::{Change, Header, Imported, Records, Selection, StoreError, Take, Transfer};

impl Transfer for Postgres {
    fn export(&self, selection: &Selection, take: &mut Take<'_>) -> Result<(), StoreError> {
        self.move_rows(async |session: &mut Session| export::export(session, selection, take).await)
    }

    fn import(
        &self,
        change: &Change,
        header: &Header,
        records: &mut Records<'_>,
    ) -> Result<Imported, StoreError> {
        self.move_rows(async |session: &mut Session| {
            import::import(session, change, header, records).await
        })
    }
}
