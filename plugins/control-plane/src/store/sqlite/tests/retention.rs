use std::fs;

use super::{change, gateway, open, version};
use crate::store::{DATABASE_FILE, GatewayRef, NewVersion, PruneOptions, Store};

#[test]
fn pruned_contents_are_not_in_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store.create(&change(), &gateway("edge")).unwrap();
    let edge = GatewayRef::Name("edge".to_owned());
    for text in ["canary-of-a-secret", "next"] {
        let new = NewVersion {
            content: text.to_owned(),
            ..version(&text[..1])
        };
        store.publish(&change(), &edge, &new).unwrap();
    }
    let is_there = || {
        store.checkpoint().unwrap();
        let bytes = fs::read(directory.path().join(DATABASE_FILE)).unwrap();
        bytes.windows(18).any(|part| part == b"canary-of-a-secret")
    };
    assert!(is_there());
    let prune = PruneOptions {
        keep: 1,
        dry_run: false,
        reason: None,
    };
    store.prune(&change(), &edge, &prune).unwrap();
    assert!(!is_there());
}
