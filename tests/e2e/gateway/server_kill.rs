//! Repeated SIGKILL of a server under concurrent writes.

use super::server::Server;
use super::world::body;
use crate::harness::{StopOnDrop, TIMEOUT, wait_until};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

const ROUNDS: usize = 6;
const WRITERS: usize = 8;
/// Number of changes per round before the kill.
const CHANGES: u64 = 150;

fn content(number: u64) -> Value {
    let text = format!(
        "pack: {{name: tests, version: 1.0.{number}, enabled: true}}\npolicies:\n  chain: []\n"
    );
    json!({ "content": text })
}

/// The state that the writers share.
struct WriteLoad {
    token: String,
    number: AtomicU64,
    acknowledged: Mutex<BTreeSet<u64>>,
    over: AtomicBool,
}

impl WriteLoad {
    /// Writes until it is stopped, and records acknowledged versions.
    fn write(&self, server: &Server) {
        while !self.over.load(Ordering::SeqCst) {
            let number = self.number.fetch_add(1, Ordering::SeqCst);
            let line = "POST /v1/gateways/edge/actions/reload";
            let reply = server.send(&self.token, line, Some(&content(number)));
            let Ok(reply) = reply else { continue };
            if reply.status == 201 {
                let version = body(&reply)["version"]["version"].as_u64();
                let mut known = self.acknowledged.lock().expect("no writer panics");
                assert!(known.insert(version.expect("a number")), "duplicate number");
            }
        }
    }

    fn count(&self) -> u64 {
        self.acknowledged.lock().expect("no writer panics").len() as u64
    }
}

#[test]
fn no_acknowledged_version_is_lost_by_kills() {
    let mut server = Server::start();
    let mut new = content(0);
    new["name"] = json!("edge");
    let made = server.send(&server.token, "POST /v1/gateways", Some(&new));
    assert_eq!(made.expect("it answers").status, 201);
    let load = WriteLoad {
        token: server.token.clone(),
        number: AtomicU64::new(1),
        acknowledged: Mutex::default(),
        over: AtomicBool::new(false),
    };
    for _ in 0..ROUNDS {
        load.over.store(false, Ordering::SeqCst);
        let before = load.count();
        thread::scope(|scope| {
            let _ending = StopOnDrop(&load.over);
            for _ in 0..WRITERS {
                scope.spawn(|| load.write(&server));
            }
            wait_until("changes", TIMEOUT, || {
                (load.count() >= before + CHANGES).then_some(())
            });
            // While the writers are active.
            server.signal_kill();
        });
        server.kill();
        server.start_again();
    }
    let shown = server.send(&server.token, "GET /v1/gateways/edge", None);
    let last = body(&shown.expect("it answers"))["last_version"].as_u64();
    let last = last.expect("a number");
    let acknowledged = load.acknowledged.into_inner().expect("no writer panicked");
    assert!(acknowledged.len() as u64 >= CHANGES * ROUNDS as u64);
    let newest = acknowledged
        .last()
        .copied()
        .expect("some were acknowledged");
    assert!(
        newest <= last,
        "version {newest} of {last} was acknowledged"
    );
    // The numbers are dense, so every acknowledged version exists; each has an audit row.
    let checked = server.home.kt_line("control-plane fsck -o json").run();
    assert_eq!(checked.ok().text_at("/result"), "intact", "{checked}");
    assert_eq!(checked.at("/versions"), json!(last));
    // One row per version, and one for the token of the administrator.
    assert_eq!(checked.at("/audit"), json!(last + 1));
}
