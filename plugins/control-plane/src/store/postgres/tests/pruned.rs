//! A prune does not delete a content that a new version refers to.

use std::thread;
use std::time::{Duration, Instant};

use super::Database;
use crate::store::suite::{StoreFixture, change, gateway, version};
use crate::store::{GatewayRef, PruneOptions, Store};

/// What publishing does before it commits, for an existing content.
const PUBLISH: &str = "BEGIN;
    INSERT INTO kt.blobs SELECT * FROM kt.blobs WHERE content = 'second' ON CONFLICT DO NOTHING;
    INSERT INTO kt.config_versions(gateway_id, version, sha256, blob, size, author, created_at, origin)
      SELECT g.id, 2, v.sha256, v.blob, v.size, 'x', 1, 'reload' FROM kt.gateways g, kt.config_versions v
      WHERE g.name = 'other' AND v.version = 2;";

#[test]
fn a_prune_waits_for_a_concurrent_publish() {
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
    let publisher = database.batch(PUBLISH);
    thread::scope(|scope| {
        let pruning = scope.spawn(|| store.prune(&change(), &edge, &prune));
        let waits = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
            WHERE NOT granted AND datname = current_database()";
        let deadline = Instant::now() + Duration::from_secs(10);
        while database.count(waits) == 0 && !pruning.is_finished() {
            assert!(Instant::now() < deadline, "it neither waits nor ends");
        }
        database.continue_batch(&publisher, "COMMIT");
        pruning.join().unwrap().unwrap();
    });
    let found = "SELECT count(*) FROM kt.blobs WHERE content = 'second'";
    assert_eq!(database.count(found), 1);
}
