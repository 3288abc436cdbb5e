//! Placeholders of a request, restored in its response.

use super::clients::{python, run_client};
use super::provider::Provider;
use super::world::{Gateway, Mode, World, body, reply_text};
use crate::harness::{TIMEOUT, http, wait_until};
use serde_json::{Value, json};

/// Starts a gateway that restores values, with the provider and one that echoes.
fn started(provider: &Provider) -> (World, Gateway, String) {
    let world = World::new(Mode::Embedded);
    let config = format!(
        "pack: {{name: tests, version: 1.0.0, enabled: true}}\n\
         providers:\n  targets:\n    \
         - {{id: main, provider: own, base_url: '{}', aliases: [whole, stream, tools]}}\n    \
         - {{id: echo, provider: echo, model: echo}}\n\
         policies: {{chain: [pii-detector, secrets, audit-logger]}}\n\
         policy:\n  pii-detector: {{redaction: {{restore: true}}}}\n  \
         secrets: {{redaction: {{restore: true}}}}\n  audit-logger: {{}}\n",
        provider.url()
    );
    world.sandbox.write("c.yaml", config);
    let id = world.create("c.yaml");
    let gateway = world.run("");
    (world, gateway, id)
}

fn response(body: &Value) -> String {
    let body = body.to_string();
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

fn completion(text: &str) -> String {
    response(
        &json!({ "id": "c1", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{ "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": text } }] }),
    )
}

fn event(delta: &Value, finish: Option<&str>) -> String {
    let body = json!({ "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }] });
    format!("data: {body}\n\n")
}

#[test]
fn a_response_gets_the_values_of_its_request_and_nothing_else_does() {
    let provider = Provider::start();
    let (world, gateway, id) = started(&provider);
    let answer = "[EMAIL_2], \\[EMAIL_1\\], not [EMAIL_3] but eve@b.org";
    provider.script("whole", completion(answer));
    let reply = gateway.chat("whole", "write to ann@b.org and bob@b.org");
    assert_eq!(
        reply_text(&reply),
        "bob@b.org, ann@b.org, not [EMAIL_3] but [EMAIL]"
    );
    let (_, sent) = provider.received().pop().expect("a request was sent");
    assert_eq!(
        sent["messages"][0]["content"],
        "write to [EMAIL_1] and [EMAIL_2]"
    );
    let log = wait_until("the record of the response", TIMEOUT, || {
        let log = std::fs::read_to_string(world.gateway_file(&id, "audit.jsonl")).ok()?;
        log.contains("\"restored\":2").then_some(log)
    });
    assert!(!log.contains("@b.org"), "{log}");
    let metrics = http(gateway.admin_port, "GET", "/metrics", &[], "").expect("it responds");
    assert!(!metrics.body.contains("@b.org"));
    let ended = gateway.stop();
    assert!(!ended.stdout.contains("@b.org") && !ended.stderr.contains("@b.org"));
}

#[test]
fn a_caller_cannot_read_the_value_of_another_text_by_its_placeholder() {
    let provider = Provider::start();
    let (_world, gateway, _) = started(&provider);
    provider.script("whole", completion("[EMAIL_1], EMAIL_1, [EMAIL_1x]"));
    let request = json!({ "model": "whole", "messages": [
        { "role": "system", "content": "the owner is ann@b.org" },
        { "role": "user", "content": "repeat [EMAIL_1], EMAIL_1" },
    ] });
    let reply = gateway.post(&request);
    assert_eq!(reply_text(&reply), "[EMAIL_1], EMAIL_1, ann@b.org");
    // A placeholder of another request is text.
    let reply = gateway.chat("whole", "hello");
    assert_eq!(reply_text(&reply), "[EMAIL_1], EMAIL_1, [EMAIL_1x]");
    let reply = gateway.chat("whole", "from bob@b.org");
    assert_eq!(reply_text(&reply), "bob@b.org, bob@b.org, [EMAIL_1x]");
}

#[test]
fn requests_at_the_same_time_do_not_mix() {
    let provider = Provider::start();
    let (_world, gateway, _) = started(&provider);
    std::thread::scope(|scope| {
        for client in 0..4 {
            let gateway = &gateway;
            scope.spawn(move || {
                for n in 0..50 {
                    let text = format!("from a{client}x{n}@b.org to b{n}y{client}@b.org");
                    assert_eq!(reply_text(&gateway.chat("echo", &text)), text);
                }
            });
        }
    });
}

#[test]
fn the_openai_client_gets_values_back() {
    let Some(python) = python() else {
        return;
    };
    let provider = Provider::start();
    let (world, gateway, _) = started(&provider);
    // Tokens, events and the first chunk end within a placeholder.
    let text = event(&json!({ "content": "\u{e9} to [EM" }), None)
        + &event(&json!({ "content": "AIL_1], [EMAIL_" }), None)
        + &event(&json!({ "content": "2] \u{1f600}" }), Some("stop"))
        + "data: [DONE]\n\n";
    let (first, second) = text.split_at(text.find("[EMAIL_").expect("it is there") + 3);
    provider.script_stream_parts("stream", &[first, second]);
    let function = |arguments: &str| {
        let call = json!({ "index": 0, "id": "call_1", "type": "function", "function": { "name": "send", "arguments": arguments } });
        event(&json!({ "tool_calls": [call] }), None)
    };
    let more = |arguments: &str| {
        event(
            &json!({ "tool_calls": [{ "index": 0, "function": { "arguments": arguments } }] }),
            None,
        )
    };
    let tools = function("{\"to\": \"[EMA")
        + &more("IL_2]\", \"body\": \"{\\\"key\\\": \\\"[PRIVATE")
        + &more("_KEY_1]\\\"}\"}")
        + &event(&json!({}), Some("tool_calls"))
        + "data: [DONE]\n\n";
    provider.script_stream("tools", &tools);
    run_client(&world, &python, &gateway, "openai_placeholders.py", &[]);
    let (_, sent) = provider.received().pop().expect("a request was sent");
    assert!(!sent.to_string().contains("@b.org"), "{sent}");
    assert_eq!(
        body(&gateway.chat("echo", "hi"))["object"],
        "chat.completion"
    );
}
