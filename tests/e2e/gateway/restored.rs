//! Backups under load, and gateways after a restore.

use super::server::Server;
use super::world::{Gateway, Mode, World, body};
use crate::harness::{HttpResponse, StopOnDrop, TIMEOUT, wait_until};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

fn content(number: u64) -> Value {
    let text = format!(
        "pack: {{name: tests, version: 1.0.{number}, enabled: true}}\n\
         policies:\n  chain: []\nproviders: {{targets: [{{id: echo, provider: echo}}]}}\n"
    );
    json!({ "content": text })
}

fn reload(server: &Server, number: u64) -> std::io::Result<HttpResponse> {
    let line = "POST /v1/gateways/production/actions/reload";
    server.send(&server.token, line, Some(&content(number)))
}

fn last(server: &Server) -> u64 {
    let shown = server.send(&server.token, "GET /v1/gateways/production", None);
    body(&shown.expect("it answers"))["last_version"]
        .as_u64()
        .expect("a number")
}

#[test]
fn a_backup_under_load_restores_and_gateways_recover() {
    let mut server = Server::start();
    let world = World::new(Mode::Embedded);
    let mut new = content(0);
    new["name"] = json!("production");
    let made = server.send(&server.token, "POST /v1/gateways", Some(&new));
    assert_eq!(made.expect("it answers").status, 201);
    let gateway = {
        let line = "gateway run --id production --listen 127.0.0.1:0 -o json";
        let at_server = world.kt(line).env("KEEPTRUSTS_API_URL", server.url());
        Gateway::of(at_server.env("KEEPTRUSTS_API_TOKEN", &server.token).spawn())
    };

    let ended = AtomicBool::new(false);
    let (minimum, backup) = thread::scope(|scope| {
        let ending = StopOnDrop(&ended);
        for writer in 1..=3 {
            let (server, ended) = (&server, &ended);
            scope.spawn(move || {
                let mut number = writer;
                while !ended.load(Ordering::SeqCst) {
                    number += 3;
                    drop(reload(server, number));
                }
            });
        }
        let reaches = |minimum| {
            wait_until("changes", TIMEOUT, || {
                Some(last(&server)).filter(|last| *last >= minimum)
            })
        };
        let before = reaches(30);
        let line = "control-plane backup --output-file kept.db -o json";
        let backup = server.home.kt_line(line).run();
        backup.ok();
        reaches(before + 60);
        drop(ending);
        (before, backup.text_at("/file"))
    });
    let checked = server
        .home
        .kt_line(&format!("control-plane fsck --file {backup} -o json"))
        .run();
    let stored = checked.ok().json()["versions"].as_u64().expect("a number");
    assert!(stored >= minimum, "{stored} of at least {minimum}");

    server
        .home
        .kt_line("control-plane restore --input-file kept.db --yes")
        .run()
        .exits(6)
        .stderr_contains("serve");
    server.kill();
    server
        .home
        .kt_line("control-plane restore --input-file kept.db --yes")
        .run()
        .ok();
    server.start_again_at_port();
    assert_eq!(last(&server), stored, "the last version in the backup");
    // The gateway had applied a later version. It applies the desired one, and later changes.
    let in_sync = |what: &str| {
        wait_until(what, TIMEOUT, || {
            let shown = server.send(&server.token, "GET /v1/gateways/production", None);
            let shown = body(&shown.expect("it answers"));
            (shown["state"] == "in-sync").then_some(shown["desired"]["version"].as_u64())
        })
    };
    assert_eq!(in_sync("the restored version"), Some(stored));
    assert_eq!(reload(&server, 7).expect("it answers").status, 201);
    assert_eq!(in_sync("a later version"), Some(stored + 1));
    gateway.stop().ok();
}

#[test]
fn a_gateway_on_the_embedded_store_follows_a_restored_one() {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    let gateway = world.run("");
    world.until_state("in-sync");
    let kt = |line: &str| world.kt(line).run();
    kt("control-plane backup --output-file kept.db").ok();
    let text = super::world::example().replace("1.4.0", "2.0.0");
    world.sandbox.write("next.yaml", text);
    kt("gateway reload --file next.yaml").ok();
    kt("control-plane restore --input-file kept.db --yes").ok();
    let serves = |version: u64| {
        wait_until("the version", TIMEOUT, || {
            let shown = world.inspect();
            let there = shown["applied"]["version"] == version && shown["state"] == "in-sync";
            there.then_some(())
        });
    };
    serves(1);
    kt("gateway reload --file next.yaml").ok();
    serves(2);
    gateway.stop().ok();
}
