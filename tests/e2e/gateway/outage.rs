//! Gateways without a control plane serve the last applied version.

use super::world::{Gateway, Mode, World, example, reply_text};
use crate::harness::{Sandbox, TIMEOUT, free_port, wait_until};
use rustix::process::Signal;
use serde_json::json;
use std::io::{Read, Write};

#[test]
fn a_gateway_starts_from_disk_and_catches_up_later() {
    let (home, port) = (Sandbox::new(), free_port());
    let serve = || {
        let server = home
            .kt_line(&format!("control-plane serve --listen 127.0.0.1:{port}"))
            .spawn();
        let up = wait_until("the server", TIMEOUT, || {
            crate::harness::http(port, "GET", "/readyz", &[], "").ok()
        });
        assert_eq!(up.status, 200);
        server
    };
    let server = serve();
    let token =
        std::fs::read_to_string(home.home().join("state/admin.token")).expect("it was written");
    let world = World::new(Mode::Embedded);
    let kt = |line: &str| {
        world
            .kt(line)
            .env("KEEPTRUSTS_API_URL", format!("http://127.0.0.1:{port}"))
            .env("KEEPTRUSTS_API_TOKEN", token.trim())
    };
    kt("gateway create --name production --file policy-config.yaml")
        .run()
        .ok();
    let run =
        || Gateway::of(kt("gateway run --id production --listen 127.0.0.1:0 -o json").spawn());
    let gateway = run();
    server.signal(Signal::TERM);
    server.wait(TIMEOUT).ok();
    assert_eq!(
        gateway.chat("m", "hello").status,
        200,
        "the gateway keeps serving"
    );
    kt("gateway list")
        .run()
        .exits(7)
        .stderr_contains("cannot reach");
    gateway.stop().ok();

    let gateway = run();
    assert_eq!(
        reply_text(&gateway.chat("m", "bob@example.com")),
        "[EMAIL_1]",
        "the gateway started from disk"
    );
    let server = serve();
    let state = || {
        kt("gateway inspect --id production -o json")
            .run()
            .ok()
            .json()
    };
    wait_until("the gateway to come back", TIMEOUT, || {
        (state()["state"] == json!("in-sync")).then_some(())
    });
    world.sandbox.write(
        "changed.yaml",
        example().replace("action: redact", "action: block"),
    );
    kt("gateway reload --id production --file changed.yaml")
        .run()
        .ok();
    assert_eq!(gateway.chat("m", "bob@example.com").status, 400);
    gateway.stop().ok();
    drop(server);
}

/// Processes that use the file of the store move to the socket of a server that starts, and back
/// when it stops.
#[test]
fn a_server_takes_over_a_store_in_use() {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    let gateway = world.run("");
    let port = free_port();
    let server = world
        .kt(&format!("control-plane serve --listen 127.0.0.1:{port}"))
        .spawn();
    let up = wait_until("the server", TIMEOUT, || {
        crate::harness::http(port, "GET", "/readyz", &[], "").ok()
    });
    assert_eq!(up.status, 200);
    let refused = crate::harness::http(port, "GET", "/v1/gateways", &[], "").expect("it answers");
    assert_eq!(refused.status, 401, "TCP requires a token");
    world.sandbox.write(
        "changed.yaml",
        example().replace("action: redact", "action: block"),
    );
    world
        .kt("gateway reload --id production --file changed.yaml")
        .run()
        .ok();
    assert_eq!(gateway.chat("m", "bob@example.com").status, 400);
    world
        .kt(&format!(
            "control-plane serve --listen 127.0.0.1:{}",
            free_port()
        ))
        .run()
        .exits(6);
    server.signal(Signal::TERM);
    server.wait(TIMEOUT).ok();
    world
        .kt("gateway revert --id production --version 1")
        .run()
        .ok();
    assert_eq!(gateway.chat("m", "bob@example.com").status, 200);
    world
        .kt("control-plane serve --listen 0.0.0.0:0")
        .run()
        .exits(2)
        .stderr_contains("loopback");
}

#[test]
fn a_gateway_without_a_control_plane_serves_files_and_reloads_them() {
    let world = World::new(Mode::Embedded);
    let line = "gateway run --policy-config policy-config.yaml --listen 127.0.0.1:0 -o json";
    let mut gateway = Gateway::of(world.kt(line).spawn());
    assert_eq!(gateway.chat("m", "bob@example.com").status, 200);
    world.sandbox.write(
        "policy-config.yaml",
        example().replace("action: redact", "action: block"),
    );
    gateway.process.signal(Signal::HUP);
    gateway.process.wait_for("the change", TIMEOUT, |out, _| {
        out.contains("\"applied\"").then_some(())
    });
    assert_eq!(gateway.chat("m", "bob@example.com").status, 400);
    world.sandbox.write("policy-config.yaml", "pack: [");
    gateway.process.signal(Signal::HUP);
    gateway
        .process
        .wait_for("the rejection", TIMEOUT, |_, err| {
            err.contains("rejected").then_some(())
        });
    assert_eq!(
        gateway.chat("m", "bob@example.com").status,
        400,
        "an invalid file changes nothing"
    );
    gateway.stop().ok();
    world
        .kt("gateway run --policy-config policy-config.yaml --dry-run")
        .run()
        .exits(2);
    assert_eq!(
        world.kt("gateway list -o json").run().ok().json(),
        json!([]),
        "no gateway was registered"
    );
}

/// A source that cannot be read is a rejection, and does not block other changes.
#[test]
fn a_missing_source_is_a_rejection_and_a_revert_still_works() {
    let world = World::new(Mode::Embedded);
    world.kt("gateway create --name production").run().ok();
    let gateway = world.run("--policy-config policy-config.yaml");
    let file = world.sandbox.path("policy-config.yaml");
    std::fs::rename(&file, world.sandbox.path("moved.yaml")).expect("it is there");
    let output = world.kt("gateway reload --id production -o json").run();
    let error = output.exits(10).error();
    assert!(
        error["causes"][0]
            .as_str()
            .is_some_and(|c| c.contains("policy-config.yaml")),
        "{error}"
    );
    world.sandbox.write(
        "other.yaml",
        example().replace("action: redact", "action: block"),
    );
    world
        .kt("gateway reload --id production --file other.yaml")
        .run()
        .ok();
    assert_eq!(gateway.chat("m", "bob@example.com").status, 400);
    world
        .kt("gateway revert --id production --version 1")
        .run()
        .ok();
    assert_eq!(gateway.chat("m", "bob@example.com").status, 200);
    gateway.process.signal(Signal::HUP);
    let mut process = gateway.process;
    process.wait_for("the reason", TIMEOUT, |_, err| {
        err.contains("cannot reload the configuration")
            .then_some(())
    });
}

/// A control plane that accepts connections and does not respond counts as unavailable.
#[test]
fn a_gateway_starts_while_the_control_plane_does_not_respond() {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    world.run("").stop().ok();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let port = listener.local_addr().expect("it is bound").port();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let dead = |line: &str| {
        let url = format!("http://127.0.0.1:{port}");
        world
            .kt(line)
            .env("KEEPTRUSTS_API_URL", url)
            .env("KEEPTRUSTS_API_TOKEN", "kt_at_x")
    };
    dead("gateway list").run().exits(7);
    let gateway =
        Gateway::of(dead("gateway run --id production --listen 127.0.0.1:0 -o json").spawn());
    assert_eq!(gateway.chat("m", "hello").status, 200);
}

/// Starts a server that sends the same response to every request, like an ingress without a backend.
/// Returns its port.
fn ingress(status: &'static str, body: &'static str) -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let port = listener.local_addr().expect("it is bound").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 8192];
            drop(stream.read(&mut request));
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            drop(stream.write_all(answer.as_bytes()));
        }
    });
    port
}

/// The responses of an ingress whose control plane is unavailable say nothing about the gateway.
#[test]
fn a_gateway_starts_behind_an_ingress_without_a_control_plane() {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    world.run("").stop().ok();
    let page = "<html>Back soon</html>";
    for (status, body) in [
        ("404 Not Found", page),
        ("403 Forbidden", page),
        ("401 Unauthorized", ""),
        ("200 OK", page),
        ("302 Found", ""),
        ("500 Internal Server Error", page),
        ("503 Service Unavailable", ""),
    ] {
        let url = format!("http://127.0.0.1:{}", ingress(status, body));
        let away = |line: &str| world.kt(line).env("KEEPTRUSTS_API_URL", &url);
        away("gateway inspect --id production").run().exits(7);
        // This gateway has no applied version on disk.
        away("gateway run --id unknown --listen 127.0.0.1:0")
            .run()
            .exits(7)
            .stderr_contains("no configuration was applied on this machine before");
        let line = "gateway run --id production --listen 127.0.0.1:0 -o json";
        let gateway = Gateway::of(away(line).spawn());
        assert_eq!(gateway.chat("m", "hello").status, 200, "{status}");
        gateway.stop().ok();
    }
}

/// CA certificates are used for https upstreams only.
#[test]
fn a_gateway_starts_without_ca_certificates() {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    let none = [
        ("SSL_CERT_FILE", "/dev/null"),
        ("SSL_CERT_DIR", "/nonexistent"),
    ];
    assert_eq!(world.run_with("", &none).chat("m", "hello").status, 200);
}

#[test]
fn files_of_a_registered_gateway_are_published() {
    let world = World::new(Mode::Embedded);
    world.kt("gateway create --name production").run().ok();
    let gateway = world.run("--policy-config policy-config.yaml");
    assert_eq!(world.inspect()["history"][0]["origin"], "file");
    world.sandbox.write(
        "policy-config.yaml",
        example().replace("action: redact", "action: block"),
    );
    world.kt("gateway reload --id production").run().ok();
    assert_eq!(world.inspect()["applied"]["version"], 2);
    assert_eq!(gateway.chat("m", "bob@example.com").status, 400);
}
