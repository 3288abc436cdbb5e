//! `kill -9` of a server, again and again, while several write to it.

use super::server::Server;
use super::world::{PATIENCE, body};
use crate::harness::{StopOnDrop, wait_until};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

const ROUNDS: usize = 6;
const WRITERS: usize = 8;
/// Changes of each round before the kill.
const CHANGES: u64 = 150;

fn content(number: u64) -> Value {
    let text = format!(
        "pack: {{name: tests, version: 1.0.{number}, enabled: true}}\npolicies:\n  chain: []\n"
    );
    json!({ "content": text })
}

/// What the writers share.
struct Storm {
    token: String,
    number: AtomicU64,
    acknowledged: Mutex<BTreeSet<u64>>,
    over: AtomicBool,
}

impl Storm {
    /// Writes until the storm is over, and notes what was acknowledged.
    fn write(&self, server: &Server) {
        while !self.over.load(Ordering::SeqCst) {
            let number = self.number.fetch_add(1, Ordering::SeqCst);
            let line = "POST /v1/gateways/edge/actions/reload";
            let reply = server.send(&self.token, line, Some(&content(number)));
            let Ok(reply) = reply else { continue };
            if reply.status == 201 {
                let version = body(&reply)["version"]["version"].as_u64();
                let mut known = self.acknowledged.lock().expect("no writer panics");
                assert!(known.insert(version.expect("a number")), "given twice");
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
    let storm = Storm {
        token: server.token.clone(),
        number: AtomicU64::new(1),
        acknowledged: Mutex::default(),
        over: AtomicBool::new(false),
    };
    for _ in 0..ROUNDS {
        storm.over.store(false, Ordering::SeqCst);
        let before = storm.count();
        thread::scope(|scope| {
            let _ending = StopOnDrop(&storm.over);
            for _ in 0..WRITERS {
                scope.spawn(|| storm.write(&server));
            }
            wait_until("changes", PATIENCE, || {
                (storm.count() >= before + CHANGES).then_some(())
            });
            // In the middle of what the writers do.
            server.signal_kill();
        });
        server.kill();
        server.start_again();
    }
    let shown = server.send(&server.token, "GET /v1/gateways/edge", None);
    let last = body(&shown.expect("it answers"))["last_version"].as_u64();
    let last = last.expect("a number");
    let acknowledged = storm.acknowledged.into_inner().expect("no writer panicked");
    assert!(acknowledged.len() as u64 >= CHANGES * ROUNDS as u64);
    let newest = acknowledged
        .last()
        .copied()
        .expect("some were acknowledged");
    assert!(
        newest <= last,
        "version {newest} of {last} was acknowledged"
    );
    // Numbers without a gap, so each acknowledged one is there; each with its row and seal.
    let checked = server.home.kt_line("control-plane fsck -o json").run();
    assert_eq!(checked.ok().text_at("/result"), "intact", "{checked}");
    assert_eq!(checked.at("/versions"), json!(last));
    // One row for each version, and one for the token of the administrator.
    assert_eq!(checked.at("/audit"), json!(last + 1));
}
