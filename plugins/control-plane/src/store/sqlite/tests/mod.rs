//! Tests of the store in a file: concurrency, files of others, and crashes.

mod concurrency;
mod crash;
mod fixture;
mod maintenance;
mod migration;
mod plans;
mod retention;
mod seals;
mod trust;

use std::path::Path;

pub(crate) use fixture::Directory;

use crate::store::suite::{change, gateway, version};
use crate::store::{DATABASE_FILE, SqliteStore};

fn open(directory: &Path) -> SqliteStore {
    SqliteStore::open(&directory.join(DATABASE_FILE)).unwrap()
}
