//! A content is not taken away from under a version that is just being made.

use std::thread;
use std::time::{Duration, Instant};

use super::Database;
use crate::store::suite::{StoreFixture, change, gateway, version};
use crate::store::{GatewayRef, PruneOptions, Store};

/// What publishing does before it commits, for a content that is there already.
const PUBLISHES: &str = "BEGIN;
    INSERT INTO kt.blobs SELECT * FROM kt.blobs WHERE content = 'second' ON CONFLICT DO NOTHING;
    INSERT INTO kt.config_versions(gateway_id, version, sha256, blob, size, author, created_at, origin)
      SELECT g.id, 2, v.sha256, v.blob, v.size, 'x', 1, 'reload' FROM kt.gateways g, kt.config_versions v
      WHERE g.name = 'other' AND v.version = 2;";

#[test]
fn a_prune_waits_for_whoever_publishes() {
    let Some(database) = Database::new() else {
        return;
    };
    let store = database.store();
    for name in ["edge", "other"] {
        store.create(&change(), &gateway(name)).unwrap();
    }
    let edge = GatewayRef::Name("edge".to_owned());
    for text in ["second", "third"] {
        store.publish(&change(), &edge, &version(text)).unwrap();
    }
    let prune = PruneOptions {
        keep: 1,
        dry_run: false,
        reason: None,
    };
    let publisher = database.batch(PUBLISHES);
    thread::scope(|scope| {
        let pruning = scope.spawn(|| store.prune(&change(), &edge, &prune));
        let waits = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
            WHERE NOT granted AND datname = current_database()";
        let patience = Instant::now() + Duration::from_secs(10);
        while database.count(waits) == 0 && !pruning.is_finished() {
            assert!(Instant::now() < patience, "it neither waits nor ends");
        }
        database.go_on(&publisher, "COMMIT");
        pruning.join().unwrap().unwrap();
    });
    let found = "SELECT count(*) FROM kt.blobs WHERE content = 'second'";
    assert_eq!(database.count(found), 1);
}
