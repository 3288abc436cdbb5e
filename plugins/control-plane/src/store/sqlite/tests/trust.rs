use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use rusqlite::Connection;

use super::open;
use crate::store::{DATABASE_FILE, SqliteStore, Store, StoreError};

#[test]
fn file_and_directory_are_private() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("state/kt");
    drop(open(&directory));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    for file in [
        DATABASE_FILE,
        "control-plane.db-wal",
        "control-plane.db-shm",
    ] {
        assert_eq!(mode(&directory.join(file)), 0o600, "{file}");
    }
}

fn open_error(directory: &Path) -> String {
    match SqliteStore::open(&directory.join(DATABASE_FILE)) {
        Err(StoreError::Unusable(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn files_that_others_could_modify_are_rejected() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(DATABASE_FILE);
    drop(open(directory.path()));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(open_error(directory.path()).contains("chmod 600"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    assert!(open_error(directory.path()).contains("chmod go-w"));
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).unwrap();
    fs::rename(&path, directory.path().join("elsewhere")).unwrap();
    symlink("elsewhere", &path).unwrap();
    assert!(open_error(directory.path()).contains("not a regular file"));
}

#[test]
fn foreign_and_unsupported_files_are_rejected_and_compatible_ones_used() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(DATABASE_FILE);
    drop(open(directory.path()));
    let file = Connection::open(&path).unwrap();
    file.pragma_update(None, "user_version", 99).unwrap();
    assert_eq!(
        open(directory.path()).schema(),
        99,
        "the newer kt declared it compatible"
    );
    file.execute("UPDATE meta SET v = '98' WHERE k = 'oldest_writer'", [])
        .unwrap();
    let refused = SqliteStore::open(&path).unwrap_err();
    assert!(
        matches!(refused, StoreError::UnsupportedSchema { found: 99, .. }),
        "{refused}"
    );
    file.pragma_update(None, "user_version", 1).unwrap();
    file.pragma_update(None, "application_id", 7).unwrap();
    assert!(open_error(directory.path()).contains("not one of kt"));
}

#[test]
fn a_database_of_another_application_is_not_changed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(DATABASE_FILE);
    let file = Connection::open(&path).unwrap();
    file.execute_batch("CREATE TABLE theirs(x)").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(open_error(directory.path()).contains("not one of kt"));
}
