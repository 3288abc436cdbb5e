//! The store in its file: several users, hostile files, and what a kill leaves behind.

mod crash;
mod place;
mod retention;
mod seals;
mod sharing;
mod trust;

use std::path::Path;

pub(crate) use place::Directory;

use crate::store::suite::{change, gateway, version};
use crate::store::{DATABASE_FILE, SqliteStore};

fn open(directory: &Path) -> SqliteStore {
    SqliteStore::open(&directory.join(DATABASE_FILE)).unwrap()
}
