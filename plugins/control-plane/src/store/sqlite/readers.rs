//! Connections for reading, so that no query waits for another one.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};

use rusqlite::Connection;

use super::busy::retry_while_busy;
use super::lock::locked;
use crate::store::StoreError;

/// Maximum number of connections. Each has a page cache of 2 MB, and more queries than this at a
/// time only compete for the processors.
const MAX_CONNECTIONS: usize = 8;

/// Opens a connection for reading.
pub(super) type Open = fn(&Path) -> Result<Connection, StoreError>;

/// The connections, which are opened when they are needed.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    open: Open,
    pool: Mutex<Pool>,
    returned: Condvar,
    /// Reads the change counter, whose values differ between connections.
    counter: Mutex<Option<Connection>>,
}

#[derive(Debug)]
struct Pool {
    idle: Vec<Connection>,
    opened: usize,
}

/// A connection in use.
pub(super) struct Reader<'a> {
    readers: &'a Readers,
    /// Taken by `drop`.
    connection: Option<Connection>,
}

impl Readers {
    /// Opens the first connection.
    pub(super) fn new(path: &Path, open: Open) -> Result<Self, StoreError> {
        let pool = Pool {
            idle: vec![open(path)?],
            opened: 1,
        };
        Ok(Self {
            path: path.to_owned(),
            open,
            pool: Mutex::new(pool),
            returned: Condvar::new(),
            counter: Mutex::new(None),
        })
    }

    fn open(&self) -> Result<Connection, StoreError> {
        (self.open)(&self.path)
    }

    /// Returns a number that differs from the last one if anything was changed since.
    pub(super) fn change_counter(&self) -> Result<u64, StoreError> {
        let mut counter = locked(&self.counter);
        match &*counter {
            Some(connection) => change_counter(connection),
            None => change_counter(counter.insert(self.open()?)),
        }
    }

    /// Returns a connection that nobody uses. Waits only when the maximum is in use.
    pub(super) fn get(&self) -> Result<Reader<'_>, StoreError> {
        let reader = |connection| Reader {
            readers: self,
            connection: Some(connection),
        };
        let mut pool = locked(&self.pool);
        loop {
            if let Some(connection) = pool.idle.pop() {
                return Ok(reader(connection));
            }
            if pool.opened < MAX_CONNECTIONS {
                break;
            }
            let waited = self.returned.wait(pool);
            pool = waited.unwrap_or_else(PoisonError::into_inner);
        }
        pool.opened += 1;
        drop(pool);
        self.open().map(reader).inspect_err(|_| {
            locked(&self.pool).opened -= 1;
            self.returned.notify_one();
        })
    }
}

/// Returns a number that changes when another connection commits; all changes are made on another
/// one.
pub(super) fn change_counter(connection: &Connection) -> Result<u64, StoreError> {
    retry_while_busy(|| connection.pragma_query_value(None, "data_version", |row| row.get(0)))
}

impl Deref for Reader<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
            .as_ref()
            .expect("it is taken only when the value is dropped")
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            locked(&self.readers.pool).idle.push(connection);
            self.readers.returned.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    fn open(_: &Path) -> Result<Connection, StoreError> {
        Ok(Connection::open_in_memory()?)
    }

    #[test]
    fn readers_do_not_wait_for_each_other() {
        let readers = Readers::new(Path::new("unused"), open).unwrap();
        let all = Barrier::new(MAX_CONNECTIONS);
        thread::scope(|scope| {
            for _ in 0..MAX_CONNECTIONS {
                scope.spawn(|| {
                    let _reader = readers.get().unwrap();
                    all.wait();
                });
            }
        });
        let pool = locked(&readers.pool);
        assert_eq!(
            (pool.idle.len(), pool.opened),
            (MAX_CONNECTIONS, MAX_CONNECTIONS)
        );
    }

    #[test]
    fn more_readers_than_connections_take_turns() {
        let readers = Readers::new(Path::new("unused"), open).unwrap();
        thread::scope(|scope| {
            for _ in 0..4 * MAX_CONNECTIONS {
                scope.spawn(|| {
                    let reader = readers.get().unwrap();
                    reader.execute_batch("SELECT 1").unwrap();
                });
            }
        });
        let pool = locked(&readers.pool);
        assert_eq!(pool.idle.len(), pool.opened);
        assert!(pool.opened <= MAX_CONNECTIONS);
    }
}
