//! Who can reach a gateway, and how.

use super::provider::Provider;
use super::world::{Gateway, Mode, World, started};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;

fn raw(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("it responds");
    response
}

#[test]
fn plain_http_beyond_loopback_must_be_allowed() {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    let listen = "--listen 0.0.0.0:0";
    let admin = "--listen 127.0.0.1:0 --admin-listen 0.0.0.0:0";
    for mode in ["", "--dry-run"] {
        for addresses in [listen, admin] {
            let line = format!("gateway run --id production {addresses} {mode}");
            let refused = world.kt(&line).run();
            refused
                .exits(2)
                .stderr_contains("0.0.0.0:0")
                .stderr_contains("--allow-remote-plaintext");
        }
    }
    let line = "gateway run --id production --dry-run --allow-remote-plaintext";
    world.kt(&format!("{line} {listen}")).run().ok();
    let line = "gateway run --id production --listen 0.0.0.0:0 --allow-remote-plaintext -o json";
    let gateway = Gateway::of(world.kt(line).spawn());
    assert_eq!(gateway.chat("m", "hello").status, 200);
}

#[test]
fn tls_that_is_requested_is_not_ignored() {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    let run = world.kt("gateway run --id production --listen 127.0.0.1:0");
    let run = run.env("KEEPTRUSTS_TLS_CERT_PATH", "cert.pem").run();
    run.stderr_contains("KEEPTRUSTS_TLS_CERT_PATH")
        .stdout_is_empty();
    assert_ne!(run.code(), Some(0));
}

#[test]
fn the_administration_port_checks_the_host() {
    let p = Provider::start();
    let (_world, gateway) = started(&p);
    let get = |host: &str| {
        let request = format!("GET /metrics HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        raw(gateway.admin_port, &request)
    };
    assert!(get("evil.example").starts_with("HTTP/1.1 403"));
    assert!(get("evil.example:80").starts_with("HTTP/1.1 403"));
    for host in ["localhost", "127.0.0.1:1", "[::1]:1"] {
        assert!(get(host).starts_with("HTTP/1.1 200"), "{host}");
    }
}

#[test]
fn http2_with_prior_knowledge_is_served() {
    let p = Provider::start();
    let (_world, gateway) = started(&p);
    let body = json!({ "model": "m", "messages": [{ "role": "user", "content": "hi" }] });
    let uri = format!("http://127.0.0.1:{}/v1/chat/completions", gateway.port);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let response = runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(("127.0.0.1", gateway.port)).await;
        let handshake = h2::client::handshake(stream.expect("it listens")).await;
        let (mut client, connection) = handshake.expect("it speaks HTTP/2");
        tokio::spawn(connection);
        let request = http::Request::post(uri).header("content-type", "application/json");
        let request = request.body(()).expect("a request");
        let (response, mut sender) = client.send_request(request, false).expect("a stream");
        let body = bytes::Bytes::from(body.to_string());
        sender.send_data(body, true).expect("it reads");
        let (head, mut body) = response.await.expect("it responds").into_parts();
        let mut text = Vec::new();
        while let Some(chunk) = body.data().await {
            text.extend_from_slice(&chunk.expect("a chunk"));
        }
        (head.status, String::from_utf8(text).expect("text"))
    });
    assert_eq!(response.0, 200, "{}", response.1);
    assert!(response.1.contains("from the provider"), "{}", response.1);
}

#[test]
fn credentials_in_the_address_of_an_upstream_are_refused_and_not_shown() {
    let world = World::new(Mode::Embedded);
    let run = |url: &str, line: &str| {
        let run = world.kt(line).env("KEEPTRUSTS_UPSTREAM_URL", url);
        run.run()
    };
    let run_line = "gateway run --policy-config policy-config.yaml --listen 127.0.0.1:0";
    for url in [
        "https://user:hunter2canary@llm.example/v1",
        "https://llm.example/v1?api_key=hunter2canary",
        "https://llm.example/hunter2canary/sk-hunter2canary",
        "hunter2canary",
        "https://llm.example/ hunter2canary",
        "user:hunter2canary@llm.example",
    ] {
        for line in [run_line, &format!("{run_line} --dry-run -o json")] {
            let refused = run(url, line);
            refused
                .exits(2)
                .stderr_contains("`--upstream`")
                .stderr_excludes("hunter2canary")
                .stdout_excludes("hunter2canary");
        }
    }
    let refused = run("https://user:hunter2canary@llm.example", run_line);
    refused.stderr_contains("KEEPTRUSTS_UPSTREAM_API_KEY");
}

/// A service with such an address could never start.
#[test]
fn an_installation_that_could_never_start_is_refused() {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    for backend in ["systemd", "launchd"] {
        let install = |more: &str| {
            let line = "gateway install --id production --no-linger --print --backend";
            world.kt(&format!("{line} {backend} {more}")).run()
        };
        for more in [
            "--listen 0.0.0.0:41002",
            "--listen [::]:41002",
            "--admin-listen 192.0.2.1:41003",
        ] {
            install(more)
                .exits(2)
                .stderr_contains("is reachable from other machines")
                .stderr_contains("--allow-remote-plaintext");
            let allowed = install(&format!("{more} --allow-remote-plaintext"));
            allowed.ok().stdout_contains("--allow-remote-plaintext");
        }
        install("--listen nonsense")
            .exits(2)
            .stderr_contains("is not a valid listen address");
        install("--listen 127.0.0.1:41002")
            .ok()
            .stdout_excludes("--allow-remote-plaintext");
    }
}
