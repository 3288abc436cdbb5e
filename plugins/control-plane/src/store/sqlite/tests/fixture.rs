use rusqlite::Connection;
use tempfile::TempDir;

use super::open;
use crate::store::suite::{StoreFixture, transfers};
use crate::store::{DATABASE_FILE, Store, Transfer};

/// A store in a temporary directory.
pub(crate) struct Directory(TempDir);

impl Directory {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> Connection {
        Connection::open(self.0.path().join(DATABASE_FILE)).unwrap()
    }
}

impl StoreFixture for Directory {
    fn open(&self) -> Box<dyn Store> {
        Box::new(open(self.0.path()))
    }

    fn open_for_transfer(&self) -> Box<dyn Transfer> {
        Box::new(open(self.0.path()))
    }

    fn tamper(&self, sql: &str) -> bool {
        let file = self.file();
        file.pragma_update(None, "foreign_keys", true).unwrap();
        file.execute(sql, []).is_ok()
    }

    fn count(&self, sql: &str) -> u64 {
        self.file().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn table(&self, name: &str) -> String {
        name.to_owned()
    }

    fn texts(&self, sql: &str) -> Vec<String> {
        let file = self.file();
        let mut statement = file.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }
}

crate::store::suite::suite!(Some(Directory::new()));

#[test]
fn a_store_is_transferred_from_file_to_file() {
    transfers(&Directory::new(), &|| Directory::new());
}
