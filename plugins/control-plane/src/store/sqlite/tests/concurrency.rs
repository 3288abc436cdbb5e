use std::fs;

use super::{change, gateway, open};
use crate::store::{DATABASE_FILE, GatewayRef, Store};

#[test]
fn the_change_counter_is_constant_without_changes() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (open(directory.path()), open(directory.path()));
    other.create(&change(), &gateway("edge")).unwrap();
    let before = one.change_counter().unwrap();
    other.find(&GatewayRef::Name("edge".to_owned())).unwrap();
    assert_eq!(one.change_counter().unwrap(), before);
}

#[test]
fn after_a_checkpoint_the_file_alone_is_the_store() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store.create(&change(), &gateway("edge")).unwrap();
    store.checkpoint().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let target = copy.path().join(DATABASE_FILE);
    fs::copy(directory.path().join(DATABASE_FILE), target).unwrap();
    open(copy.path())
        .find(&GatewayRef::Name("edge".to_owned()))
        .unwrap();
}
