//! Streams: during reload and shutdown, interrupted, and filtered.

use super::provider::Provider;
use super::world::{Gateway, Mode, World, body, reply_text, started, with_upstream};
use crate::harness::{TIMEOUT, wait_until};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

/// A stream that is read by a thread.
pub(super) struct Reading {
    text: Arc<Mutex<String>>,
    thread: std::thread::JoinHandle<()>,
}

/// Opens a stream.
pub(super) fn open(gateway: &Gateway, model: &str, text: &str) -> Reading {
    let request = json!({ "model": model, "stream": true, "messages": [{ "role": "user", "content": text }] }).to_string();
    let mut stream = TcpStream::connect(("127.0.0.1", gateway.port)).expect("the gateway listens");
    stream
        .set_read_timeout(Some(TIMEOUT))
        .expect("a socket takes a timeout");
    write!(
        stream,
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{request}",
        request.len()
    )
    .expect("it takes a request");
    let text = Arc::new(Mutex::new(String::new()));
    let shared = Arc::clone(&text);
    let thread = std::thread::spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(read @ 1..) = stream.read(&mut chunk) {
            shared
                .lock()
                .expect("no thread panics")
                .push_str(&String::from_utf8_lossy(&chunk[..read]));
        }
    });
    Reading { text, thread }
}

impl Reading {
    fn so_far(&self) -> String {
        self.text.lock().expect("no thread panics").clone()
    }

    /// Waits for a part of the stream.
    pub(super) fn has(&self, part: &str) {
        wait_until(part, TIMEOUT, || self.so_far().contains(part).then_some(()));
    }

    /// Returns the whole stream once it has ended.
    pub(super) fn end(self) -> String {
        self.thread.join().expect("it does not panic");
        self.text.lock().expect("no thread panics").clone()
    }
}

fn content_of(events: &str) -> String {
    events
        .lines()
        .filter_map(|l| l.strip_prefix("data: "))
        .filter_map(|d| serde_json::from_str::<Value>(d).ok())
        .filter_map(|v| {
            v["choices"][0]["delta"]["content"]
                .as_str()
                .map(str::to_owned)
        })
        .collect()
}

#[test]
fn a_stream_opened_before_a_reload_completes() {
    let provider = Provider::start();
    let (world, gateway) = started(&provider);
    let reading = open(&gateway, "gated", "hi");
    reading.has("before");
    world.sandbox.write(
        "two.yaml",
        with_upstream(&provider.url(), "").replace("redact", "block"),
    );
    world
        .kt("gateway reload --id production --file two.yaml")
        .run()
        .ok();
    assert_eq!(
        gateway.chat("m", "bob@example.com").status,
        400,
        "new requests use the new policy"
    );
    assert!(!reading.so_far().contains("[DONE]"));
    provider.open_gate();
    let events = reading.end();
    assert_eq!(content_of(&events), "before after");
    assert!(events.contains("data: [DONE]"), "{events}");
}

#[test]
fn a_stream_completes_during_shutdown() {
    let provider = Provider::start();
    let (world, gateway) = started(&provider);
    let reading = open(&gateway, "gated", "hi");
    reading.has("before");
    gateway.process.signal(rustix::process::Signal::TERM);
    world.until_state("offline");
    provider.open_gate();
    let events = reading.end();
    assert!(events.contains("data: [DONE]"), "{events}");
    gateway.process.wait(TIMEOUT).ok();
}

#[test]
fn whole_and_streamed_responses_are_filtered_alike() {
    let provider = Provider::start();
    let (world, gateway) = started(&provider);
    let whole = gateway.chat("leaks", "hi");
    assert!(
        reply_text(&whole).starts_with("the card is [CARD]"),
        "{}",
        whole.body
    );
    assert_eq!(
        body(&whole)["service_tier"],
        "kept",
        "unknown fields are forwarded"
    );
    let events = open(&gateway, "leaks", "hi").end();
    assert_eq!(content_of(&events), "the card is [CARD], thanks");
    world.sandbox.write(
        "two.yaml",
        with_upstream(&provider.url(), "").replace("redact", "block"),
    );
    world
        .kt("gateway reload --id production --file two.yaml")
        .run()
        .ok();
    let blocked = gateway.chat("leaks", "hi");
    assert_eq!(
        (blocked.status, &body(&blocked)["error"]["code"]),
        (400, &json!("policy_violation"))
    );
    let events = open(&gateway, "leaks", "hi").end();
    assert!(
        !events.contains("4111") && !events.contains("[DONE]"),
        "{events}"
    );
    assert!(events.contains("policy_violation"), "{events}");
}

#[test]
fn a_word_leaves_when_the_upstream_pauses_and_a_number_does_not() {
    let provider = Provider::start();
    let (_world, gateway) = started(&provider);
    let reading = open(&gateway, "held", "hi");
    // The provider sends nothing until the gate is open.
    reading.has("utf8x");
    assert!(!reading.so_far().contains("4111"));
    provider.open_gate();
    let events = reading.end();
    assert!(events.contains("4111 111111"), "{events}");
    assert!(!events.contains("@b.org"), "{events}");
    assert!(events.contains("[EMAIL]"), "{events}");
    assert!(events.contains("[DONE]"), "{events}");
}

#[test]
fn an_interrupted_upstream_is_an_error() {
    let provider = Provider::start();
    let (_world, gateway) = started(&provider);
    let events = open(&gateway, "cut", "hi").end();
    assert!(
        events.contains("upstream_error") && !events.contains("[DONE]"),
        "{events}"
    );
    let failed = gateway.chat("fails", "hi");
    assert_eq!(
        (failed.status, &body(&failed)["error"]["type"]),
        (502, &json!("upstream_error"))
    );
}

#[test]
fn the_provider_receives_the_redacted_prompt_and_its_own_credential() {
    let provider = Provider::start();
    let world = World::new(Mode::Embedded);
    let more = ", model: better, aliases: [m], secret_key_ref: {env: TEST_KEY}";
    world
        .sandbox
        .write("one.yaml", with_upstream(&provider.url(), more));
    world.create("one.yaml");
    let gateway = world.run_with("", &[("TEST_KEY", "k-123")]);
    let request = json!({ "model": "m", "messages": [{ "role": "user", "content": "bob@example.com" }], "temperature": 0.5 });
    let headers = [
        ("content-type", "application/json"),
        ("authorization", "Bearer callers-own"),
        ("traceparent", "00-1-2-01"),
    ];
    let reply = crate::harness::http(
        gateway.port,
        "POST",
        "/v1/chat/completions",
        &headers,
        &request.to_string(),
    );
    assert_eq!(reply.expect("the gateway responds").status, 200);
    let (head, got) = provider.received().pop().expect("a request was sent");
    assert_eq!(got["messages"][0]["content"], "[EMAIL_1]");
    assert_eq!(
        (&got["model"], &got["temperature"]),
        (&json!("better"), &json!(0.5))
    );
    let head = head.to_ascii_lowercase();
    assert!(
        head.contains("authorization: bearer k-123") && !head.contains("callers-own"),
        "{head}"
    );
    assert!(head.contains("traceparent: 00-1-2-01"), "{head}");
}
