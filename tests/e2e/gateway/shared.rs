//! Several servers that share a PostgreSQL database: changes reach all of them, and no acknowledged
//! change is lost when a server or the database is killed.

use super::server::Server;
use super::world::body;
use crate::harness::{HttpResponse, Postgres, StopOnDrop, wait_until};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Less than the 30 seconds after which long polls of gateways end.
const WAKE_TIMEOUT: Duration = Duration::from_secs(20);

/// Returns a configuration with a different meaning for each number.
fn content(number: u64) -> Value {
    let text = format!(
        "pack: {{name: tests, version: 1.0.0, enabled: true}}\n\
         policies:\n  chain: [audit-logger]\n\
         policy:\n  audit-logger: {{retention_days: {number}}}\n"
    );
    json!({ "content": text })
}

fn create(server: &Server, token: &str) {
    let mut new = content(1);
    new["name"] = json!("edge");
    let made = server.send(token, "POST /v1/gateways", Some(&new));
    assert_eq!(made.expect("it answers").status, 201);
}

fn reload(server: &Server, token: &str, number: u64) -> std::io::Result<HttpResponse> {
    let line = "POST /v1/gateways/edge/actions/reload";
    server.send(token, line, Some(&content(number)))
}

/// Returns the version that a response acknowledges.
fn acknowledged(reply: &HttpResponse) -> Option<u64> {
    let made = reply.status == 201;
    made.then(|| body(reply)["version"]["version"].as_u64())?
}

fn versions(server: &Server, token: &str) -> Vec<u64> {
    let line = "GET /v1/gateways/edge/config-versions?limit=200";
    let reply = server.send(token, line, None).expect("it answers");
    let items = body(&reply)["items"].as_array().cloned();
    let numbers = items.expect("it is a page").into_iter();
    numbers
        .filter_map(|v| v["version"].as_u64())
        .rev()
        .collect()
}

/// A long poll for a change after `index`.
struct LongPoll(TcpStream);

impl LongPoll {
    /// Both requests are sent together: after the first response, the server has the second one.
    fn at(server: &Server, token: &str, index: u64) -> Self {
        let get = |target: &str| {
            format!("GET {target} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n")
        };
        let poll = get(&format!("/v1/gateways/edge/desired?index={index}&wait=300"));
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).expect("it listens");
        stream
            .set_read_timeout(Some(WAKE_TIMEOUT))
            .expect("a socket");
        let both = get("/v1/version") + &poll;
        stream.write_all(both.as_bytes()).expect("it reads");
        let mut poll = Self(stream);
        assert!(poll.read().starts_with("HTTP/1.1 200"));
        poll
    }

    fn read(&mut self) -> String {
        let mut answer = vec![0; 8192];
        let read = self.0.read(&mut answer).expect("an answer in time");
        String::from_utf8_lossy(&answer[..read]).into_owned()
    }

    fn wakes_with(mut self, index: u64) {
        let answer = self.read();
        let expected = format!("\"index\":{index},");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains(&expected), "{answer}");
    }
}

#[test]
fn a_change_at_one_server_wakes_long_polls_at_others() {
    let Some(database) = Postgres::start() else {
        return;
    };
    let (one, other) = (Server::on(&database), Server::on(&database));
    assert!(other.token.is_empty(), "the database has an administrator");
    let token = &one.token;
    create(&one, token);
    for index in 1..10 {
        let (here, there) = if index % 2 == 0 {
            (&one, &other)
        } else {
            (&other, &one)
        };
        let poll = LongPoll::at(there, token, index);
        let own = LongPoll::at(here, token, index);
        let reply = reload(here, token, index + 1).expect("it answers");
        assert_eq!(acknowledged(&reply), Some(index + 1), "{reply:?}");
        poll.wakes_with(index + 1);
        own.wakes_with(index + 1);
    }
    let shown = other.send(token, "GET /v1/gateways/edge", None);
    assert_eq!(body(&shown.expect("it answers"))["last_version"], 10);
}

#[test]
fn a_token_is_revoked_at_all_servers_and_the_audit_log_is_shared() {
    let Some(database) = Postgres::start() else {
        return;
    };
    let (one, other) = (Server::on(&database), Server::on(&database));
    let admin = one.token.as_str();
    create(&one, admin);
    let new = json!({"name": "reader", "scope": "read"});
    let made = one.send(admin, "POST /v1/tokens", Some(&new));
    let made = body(&made.expect("it answers"));
    let (id, token) = (
        &made["info"]["id"],
        made["token"].as_str().expect("this once"),
    );
    let at_other = |token: &str, line: &str| other.send(token, line, None).expect("it answers");
    assert_eq!(at_other(token, "GET /v1/whoami").status, 200);
    let mut waits = LongPoll::at(&one, token, 1);
    let line = format!("DELETE /v1/tokens/{}", id.as_str().expect("an id"));
    assert_eq!(at_other(admin, &line).status, 200);
    let response = waits.read();
    assert!(
        response.starts_with("HTTP/1.1 401"),
        "the long poll ended: {response}"
    );
    for server in [&one, &other] {
        let refused = server.send(token, "GET /v1/whoami", None);
        assert_eq!(refused.expect("it answers").status, 401);
    }
    let checked = one
        .home
        .kt_line("audit verify -o json")
        .env("KEEPTRUSTS_API_URL", one.url())
        .env("KEEPTRUSTS_API_TOKEN", admin)
        .run();
    assert_eq!(checked.ok().json()["result"], "intact", "{checked}");
    let line = "GET /v1/audit?limit=200";
    let audit = body(&one.send(admin, line, None).expect("it answers"));
    let rows = audit["items"].as_array().expect("rows").iter();
    // When failed authentications are recorded is not deterministic.
    let changes = rows.filter(|row| row["action"] != "auth.refused");
    assert_eq!(changes.count(), 4, "{audit}");
}

#[test]
fn killing_a_server_or_its_listening_connection_loses_nothing() {
    let Some(database) = Postgres::start() else {
        return;
    };
    let (mut one, other) = (Server::on(&database), Server::on(&database));
    let token = one.token.clone();
    create(&one, &token);
    let poll = LongPoll::at(&other, &token, 1);
    let reply = reload(&one, &token, 2).expect("it answers");
    one.kill();
    assert_eq!(acknowledged(&reply), Some(2));
    poll.wakes_with(2);

    one.start_again();
    for index in 2..5 {
        let poll = LongPoll::at(&other, &token, index);
        let cut = database.query(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
             WHERE application_name = 'kt control-plane notifications'",
        );
        assert_ne!(cut, "0", "no listening connection");
        let reply = reload(&one, &token, index + 1).expect("it answers");
        assert_eq!(acknowledged(&reply), Some(index + 1), "{reply:?}");
        poll.wakes_with(index + 1);
        wait_until("both listening connections", WAKE_TIMEOUT, || {
            let listening = database.query(
                "SELECT count(*) FROM pg_stat_activity
                 WHERE application_name = 'kt control-plane notifications'",
            );
            (listening == "2").then_some(())
        });
    }
    assert_eq!(versions(&other, &token), [1, 2, 3, 4, 5]);
}

#[test]
fn acknowledged_changes_survive_a_crash_of_the_database() {
    let Some(database) = Postgres::start() else {
        return;
    };
    let (one, other) = (Server::on(&database), Server::on(&database));
    let token = &one.token;
    create(&one, token);
    let ended = AtomicBool::new(false);
    let acknowledged_all: Vec<u64> = thread::scope(|scope| {
        let ending = StopOnDrop(&ended);
        let write = |server, first: u64| {
            let ended = &ended;
            scope.spawn(move || {
                let mut versions = Vec::new();
                let mut number = first;
                while !ended.load(Ordering::SeqCst) {
                    number += 2;
                    let reply = reload(server, token, number);
                    versions.extend(reply.ok().as_ref().and_then(acknowledged));
                }
                versions
            })
        };
        let last = || {
            database
                .query("SELECT last_version FROM kt.gateways")
                .parse::<u64>()
        };
        let reaches = |minimum: u64| {
            wait_until("changes", WAKE_TIMEOUT, || {
                let last = last().expect("a number");
                (last >= minimum).then_some(last)
            })
        };
        let writers = [write(&one, 100), write(&other, 101)];
        let before = reaches(20);
        database.crash();
        database.restart();
        reaches(before + 20);
        drop(ending);
        writers
            .into_iter()
            .flat_map(|writer| writer.join().expect("it does not panic"))
            .collect()
    });
    let stored = database.query(
        "SELECT count(*) = max(version) AND max(version) = (SELECT last_version FROM kt.gateways)
             AND count(*) = (SELECT count(*) FROM kt.audit WHERE target LIKE 'gw_%')
         FROM kt.config_versions",
    );
    assert_eq!(stored, "t", "dense numbers, each with an audit row");
    let list = database.query("SELECT version FROM kt.config_versions");
    let stored: Vec<u64> = list.lines().filter_map(|line| line.parse().ok()).collect();
    for version in acknowledged_all {
        assert!(
            stored.contains(&version),
            "version {version} was acknowledged"
        );
    }
    let last = stored.iter().max().copied().unwrap_or_default();
    let generation: u64 = database
        .query("SELECT generation FROM kt.gateways")
        .parse()
        .expect("a number");
    let poll = LongPoll::at(&other, token, generation);
    let reply = reload(&one, token, 5).expect("it answers");
    assert_eq!(acknowledged(&reply), Some(last + 1), "{reply:?}");
    poll.wakes_with(generation + 1);
}

#[test]
fn an_unusable_database_is_reported_without_its_password() {
    let home = crate::harness::Sandbox::new();
    let serve = |database: &str| {
        home.kt([
            "control-plane",
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--database",
            database,
        ])
        .env("KT_DATABASE_PASSWORD", "hunter2")
        .run()
    };
    for (database, code, message) in [
        (
            "postgres://kt:hunter2@127.0.0.1/kt",
            2,
            "KT_DATABASE_PASSWORD",
        ),
        ("postgres://kt@192.0.2.1/kt", 2, "TLS"),
        ("mysql://kt@127.0.0.1/kt", 2, "postgres://"),
        ("postgres://kt@127.0.0.1:1/kt", 7, "PostgreSQL"),
    ] {
        let refused = serve(database);
        refused
            .exits(code)
            .stdout_is_empty()
            .stderr_contains(message)
            .stderr_excludes("hunter2");
    }
}
