//! Drift: the active configuration differs from the desired one, and is reconciled.

use super::world::{Mode, World, example};
use crate::harness::{TIMEOUT, wait_until};
use serde_json::json;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

fn administer(world: &World, id: &str, request: &str, body: &str) -> String {
    let socket = world.sandbox.home().join(format!("run/gateway-{id}.sock"));
    let mut stream =
        UnixStream::connect(&socket).unwrap_or_else(|e| panic!("{}: {e}", socket.display()));
    write!(
        stream,
        "{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("it takes a request");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("it responds");
    text
}

#[test]
fn a_local_override_is_drift_until_it_is_reconciled() {
    for mode in [Mode::Embedded, Mode::Server] {
        let world = World::new(mode);
        let id = world.create("policy-config.yaml");
        let gateway = world.run("");
        let other = example().replace("action: redact", "action: block");
        let response = administer(&world, &id, "POST /keeptrusts/config/reload", &other);
        assert!(response.starts_with("HTTP/1.1 200"), "{response}");
        assert_eq!(
            gateway.chat("m", "bob@example.com").status,
            400,
            "the override is active"
        );
        world.until_state("drifted");
        let dry = world
            .kt("gateway reconcile --id production --dry-run -o json")
            .run();
        assert_eq!(dry.ok().at("/result"), "would-reconcile");
        assert_eq!(world.inspect()["state"], "drifted");
        world.kt("gateway reconcile --id production").run().ok();
        assert_eq!(world.inspect()["state"], "in-sync");
        assert_eq!(gateway.chat("m", "bob@example.com").status, 200);
        let refused = administer(
            &world,
            &id,
            "POST /keeptrusts/config/reload",
            "pack: nonsense",
        );
        assert!(refused.starts_with("HTTP/1.1 422"), "{refused}");
        assert_eq!(gateway.chat("m", "bob@example.com").status, 200);
    }
}

#[test]
fn an_override_is_reconciled_automatically_with_drift_repair() {
    for mode in [Mode::Embedded, Mode::Server] {
        let world = World::new(mode);
        let id = world.create("policy-config.yaml");
        let gateway = world.run("");
        let update = world.kt("gateway update --id production --drift repair -o json");
        assert_eq!(update.run().ok().json()["drift"], "repair");
        let other = example().replace("action: redact", "action: block");
        let response = administer(&world, &id, "POST /keeptrusts/config/reload", &other);
        assert!(response.starts_with("HTTP/1.1 200"), "{response}");
        let audit_log = || world.kt("audit list --actor kt:drift -o json").run().json();
        wait_until("a repair", TIMEOUT, || {
            audit_log().get(0).is_some().then_some(())
        });
        world.until_state("in-sync");
        assert_eq!(gateway.chat("m", "bob@example.com").status, 200);
        assert_eq!(world.inspect()["desired"]["version"], 1);
        assert_eq!(
            audit_log().as_array().map(Vec::len),
            Some(1),
            "{}",
            audit_log()
        );
    }
}

#[test]
fn the_applied_configuration_is_accepted_if_it_was_published() {
    for mode in [Mode::Embedded, Mode::Server] {
        let world = World::new(mode);
        let id = world.create("policy-config.yaml");
        let gateway = world.run("");
        let stricter = example().replace("action: redact", "action: block");
        world.sandbox.write("second.yaml", &stricter);
        world
            .kt("gateway reload --id production --file second.yaml")
            .run()
            .ok();
        let accept = "gateway reconcile --id production --accept-applied";
        let never = stricter.replace("name: support-gateway", "name: never-published");
        let response = administer(&world, &id, "POST /keeptrusts/config/reload", &never);
        assert!(response.starts_with("HTTP/1.1 200"), "{response}");
        world.until_state("drifted");
        let unknown = world.kt(accept).run();
        unknown
            .exits(6)
            .stdout_is_empty()
            .stderr_contains("gateway reload");

        administer(&world, &id, "POST /keeptrusts/config/reload", &example());
        let versions = world.kt("gateway versions --id production -o json").run();
        let first = versions.ok().json()[1]["sha256"].clone();
        wait_until("the first version is active", TIMEOUT, || {
            (world.inspect()["instances"][0]["applied"]["sha256"] == first).then_some(())
        });
        let dry = world.kt(&format!("{accept} --dry-run -o json")).run();
        assert_eq!(dry.ok().json()["result"], "would-accept");
        assert_eq!(dry.json()["version"], 1);
        let done = world.kt(&format!("{accept} --reason works -o json")).run();
        assert_eq!(done.ok().json()["version"], 3);
        assert_eq!(world.inspect()["state"], "in-sync");
        assert_eq!(gateway.chat("m", "bob@example.com").status, 200);
        let again = world.kt(&format!("{accept} -o json")).run();
        assert_eq!(again.ok().json()["result"], "unchanged");
    }
}

/// SIGHUP loads the desired configuration, as `reload` does: an override is not a
/// source.
#[test]
fn sighup_discards_an_override() {
    let world = World::new(Mode::Embedded);
    let id = world.create("policy-config.yaml");
    let gateway = world.run("");
    let other = example().replace("action: redact", "action: block");
    let response = administer(&world, &id, "POST /keeptrusts/config/reload", &other);
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    world.until_state("drifted");
    gateway.process.signal(rustix::process::Signal::HUP);
    world.until_state("in-sync");
    assert_eq!(gateway.chat("m", "bob@example.com").status, 200);
}

#[test]
fn a_modified_copy_on_disk_is_drift_until_it_is_reconciled() {
    let world = World::new(Mode::Embedded);
    let id = world.create("policy-config.yaml");
    let gateway = world.run("");
    let file = world.gateway_file(&id, "last-applied.json");
    let good = std::fs::read_to_string(&file).expect("it was applied");
    for modified in [
        good.replace("redact", "reduct"),
        "{".to_owned(),
        good.replace("\"checksum\": \"", "\"checksum\": \"0"),
    ] {
        std::fs::write(&file, modified).expect("the owner may write it");
        world.until_state("drifted");
        world.kt("gateway reconcile --id production").run().ok();
        assert_eq!(world.inspect()["state"], "in-sync");
        assert_eq!(std::fs::read_to_string(&file).expect("it is there"), good);
    }
    std::fs::remove_file(&file).expect("the owner may remove it");
    world.until_state("drifted");
    world.kt("gateway reconcile --id production").run().ok();
    assert_eq!(
        std::fs::read_to_string(&file).expect("it is there again"),
        good
    );
    assert_eq!(gateway.chat("m", "hello").status, 200);
}

#[test]
fn configuration_is_served_on_the_private_socket_only() {
    let world = World::new(Mode::Embedded);
    let id = world.create("policy-config.yaml");
    let gateway = world.run("");
    let config = administer(&world, &id, "GET /keeptrusts/config", "");
    assert!(config.contains("\"name\":\"support-gateway\""), "{config}");
    assert!(administer(&world, &id, "GET /status", "").contains("kt.gateway.instance/1"));
    let over_tcp = |target: &str| {
        crate::harness::http(gateway.admin_port, "GET", target, &[], "").expect("it responds")
    };
    assert_eq!(over_tcp("/keeptrusts/config").status, 403);
    assert_eq!(over_tcp("/status").status, 403);
    assert!(
        over_tcp("/metrics")
            .body
            .contains("keeptrusts_gateway_config_version 1")
    );
    for path in ["/livez", "/readyz", "/healthz", "/health"] {
        assert_eq!(over_tcp(path).status, 200, "{path}");
        let traffic =
            crate::harness::http(gateway.port, "GET", path, &[], "").expect("it responds");
        assert_eq!(traffic.status, 200, "{path}");
    }
    let unknown =
        crate::harness::http(gateway.port, "GET", "/v1/files", &[], "").expect("it responds");
    assert_eq!(unknown.status, 404);
    let socket = world.sandbox.home().join(format!("run/gateway-{id}.sock"));
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(&socket)
            .expect("it is there")
            .permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    let second = world
        .kt("gateway run --id production --listen 127.0.0.1:0")
        .run();
    second.exits(6).stderr_contains("another process");
    assert_eq!(world.inspect()["state"], json!("in-sync"));
}
