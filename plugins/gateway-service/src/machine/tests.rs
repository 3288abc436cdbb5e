use super::runner::{absent, write};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn files_are_replaced_whole_with_their_mode() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b/unit");
    write(&path, 0o644, b"one").unwrap();
    write(&path, 0o600, b"two").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let left = fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(left, 1, "no litter");
}

#[test]
fn a_write_that_fails_leaves_the_earlier_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("taken");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("inside"), "x").unwrap();
    write(&path, 0o644, b"new").unwrap_err();
    assert!(path.join("inside").exists());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no litter");
}

#[test]
fn what_is_not_there_is_no_error() {
    assert!(absent(fs::read("/nowhere/x")).unwrap().is_none());
    assert!(absent(fs::read("/etc/passwd/x")).unwrap().is_none());
    assert!(absent(fs::read("/")).is_err());
}
