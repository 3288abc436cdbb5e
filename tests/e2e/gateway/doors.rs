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
    let refused = world
        .kt("gateway run --id production --listen 0.0.0.0:0")
        .run();
    refused.exits(2).stderr_contains("--allow-remote-plaintext");
    let line = "gateway run --id production --listen 127.0.0.1:0 --admin-listen 0.0.0.0:0";
    world.kt(line).run().exits(2).stderr_contains("0.0.0.0:0");
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
