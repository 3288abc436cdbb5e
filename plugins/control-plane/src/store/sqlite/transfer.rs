//! The file as one end of a move.

use super::store::Sqlite;
use super::{export, import};
use crate::store::{Change, Header, Imported, Records, Selection, StoreError, Take, Transfer};

impl Transfer for Sqlite {
    fn export(&self, selection: &Selection, take: &mut Take<'_>) -> Result<(), StoreError> {
        self.read(|connection| export::export(connection, selection, take))
    }

    fn import(
        &self,
        change: &Change,
        header: &Header,
        records: &mut Records<'_>,
    ) -> Result<Imported, StoreError> {
        self.write(|writing| import::import(writing, change, header, records))
    }
}
