//! Leases that a server has acknowledged, and not stored when it is killed.

use super::server::Server;
use super::world::body;
use crate::harness::{Postgres, TIMEOUT, wait_until};
use serde_json::{Value, json};

/// The point between the response to a renewal and its transaction.
const POINT: &str = "leases.acknowledged";

fn create(server: &Server, token: &str) {
    let content = "pack: {name: tests, version: 1.0.0, enabled: true}\npolicies:\n  chain: []\n";
    let new = json!({"name": "edge", "content": content});
    let made = server.send(token, "POST /v1/gateways", Some(&new));
    assert_eq!(made.expect("it answers").status, 201);
}

fn inspect(server: &Server, token: &str) -> Value {
    let shown = server.send(token, "GET /v1/gateways/edge", None);
    body(&shown.expect("it answers"))
}

/// Returns the report of the only instance, whose lease is long.
fn report_of(gateway: &Value, seq: u64) -> Value {
    let desired = &gateway["desired"];
    json!({
        "instance_id": "in_aaaaaaaaaaaaaaaa", "seq": seq, "lease_seconds": 3600,
        "started_at": "2026-01-01T00:00:00Z", "source": "control-plane",
        "applied": {
            "generation": gateway["generation"], "version": desired["version"],
            "sha256": desired["sha256"], "at": "2026-01-01T00:00:00Z",
        },
    })
}

/// Sends a report, and returns the response; `None` when the server does not respond.
fn try_report(server: &Server, token: &str, gateway: &Value, seq: u64) -> Option<Value> {
    let line = format!(
        "POST /v1/gateways/{}/status",
        gateway["id"].as_str().expect("an id")
    );
    let reply = server
        .send(token, &line, Some(&report_of(gateway, seq)))
        .ok()?;
    assert_eq!(reply.status, 200, "{reply:?}");
    Some(body(&reply))
}

fn report(server: &Server, token: &str, seq: u64) -> Value {
    let gateway = inspect(server, token);
    try_report(server, token, &gateway, seq).expect("it answers")
}

/// Asserts that the instance is live, and returns when its lease expires as far as it is stored.
fn live_until(server: &Server, token: &str) -> Value {
    let gateway = inspect(server, token);
    assert_eq!(gateway["state"], "in-sync");
    let instance = &gateway["instances"][0];
    assert_eq!(instance["live"], true, "{gateway}");
    instance["lease_until"].clone()
}

/// Renews a lease, each time with a report that is sent twice, at a server that is killed before it
/// stores that. Returns the number of the last report, and the lease that is stored.
fn crash(server: &mut Server, token: &str) -> (u64, Value) {
    let stored = report(server, token, 1)["lease_until"].clone();
    let gateway = inspect(server, token);
    let mut seq = 1;
    loop {
        seq += 1;
        let Some(renewed) = try_report(server, token, &gateway, seq) else {
            break;
        };
        assert_eq!(renewed["ignored"], false);
        assert_ne!(renewed["lease_until"], stored);
        let Some(repeated) = try_report(server, token, &gateway, seq) else {
            break;
        };
        assert_eq!(repeated["ignored"], true, "it is known before it is stored");
        assert_eq!(repeated["lease_until"], renewed["lease_until"]);
    }
    server.wait_for_crash();
    (seq, stored)
}

/// Renews the lease again, and waits until that is stored.
fn renew(server: &Server, token: &str, seq: u64) {
    let renewed = report(server, token, seq);
    assert_eq!(renewed["ignored"], false);
    wait_until("the renewal to be stored", TIMEOUT, || {
        (live_until(server, token) == renewed["lease_until"]).then_some(())
    });
}

#[test]
fn an_instance_stays_live_when_its_renewal_is_lost_by_a_kill() {
    let mut server = Server::crashing_at(POINT, None);
    let token = server.token.clone();
    create(&server, &token);
    let (seq, stored) = crash(&mut server, &token);
    server.start_again();
    assert_eq!(live_until(&server, &token), stored);
    renew(&server, &token, seq + 1);
    let renewed = report(&server, &token, seq + 2)["lease_until"].clone();
    server.terminate();
    server.start_again();
    assert_eq!(
        live_until(&server, &token),
        renewed,
        "a regular end stores it"
    );
}

#[test]
fn an_instance_stays_live_at_another_server_when_one_is_killed() {
    let Some(database) = Postgres::start() else {
        return;
    };
    let mut one = Server::crashing_at(POINT, Some(&database));
    let (token, other) = (one.token.clone(), Server::on(&database));
    create(&other, &token);
    let (seq, stored) = crash(&mut one, &token);
    assert_eq!(live_until(&other, &token), stored);
    renew(&other, &token, seq + 1);
}
