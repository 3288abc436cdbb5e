//! Streams as providers send them: their order, their framing, and their ends.

use super::provider::Provider;
use super::world::{Gateway, World, body, started, with_upstream};
use crate::harness::{HttpResponse, TIMEOUT, http, wait_until, workspace};
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpStream;

fn chunk(delta: Value, finish: Option<&str>) -> String {
    let chunk = json!({ "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }] });
    format!("data: {chunk}\n\n")
}

fn text(text: &str, finish: Option<&str>) -> String {
    chunk(json!({ "content": text }), finish)
}

const DONE: &str = "data: [DONE]\n\n";

/// Requests a stream, and returns the response.
fn stream(gateway: &Gateway, model: &str) -> HttpResponse {
    gateway.post(&json!({ "model": model, "stream": true,
        "messages": [{ "role": "user", "content": "hi" }] }))
}

fn events(response: &HttpResponse) -> Vec<Value> {
    let data = response
        .body
        .lines()
        .filter_map(|l| l.strip_prefix("data: "));
    data.filter_map(|d| serde_json::from_str(d).ok()).collect()
}

fn joined(events: &[Value], pointer: &str) -> String {
    let texts = events.iter().filter_map(|event| event.pointer(pointer));
    texts.filter_map(Value::as_str).collect()
}

const CONTENT: &str = "/choices/0/delta/content";

#[test]
fn text_is_complete_before_the_finish_reason() {
    let p = Provider::start();
    let (_world, gateway) = started(&p);
    for parts in [
        vec!["Order shipped. Mail us at 555-1234 or bob@exam"],
        vec!["Total ", "is 4111"],
        vec!["Ask about hello"],
    ] {
        let last = parts.len() - 1;
        let mut script: String = parts[..last].iter().map(|part| text(part, None)).collect();
        script.push_str(&text(parts[last], Some("stop")));
        p.script_stream("s", &(script + DONE));
        let events = events(&stream(&gateway, "s"));
        assert_eq!(joined(&events, CONTENT), parts.concat());
        let finish = events
            .iter()
            .position(|e| e.pointer("/choices/0/finish_reason") == Some(&json!("stop")));
        assert_eq!(finish, Some(events.len() - 1), "{events:?}");
    }
}

#[test]
fn tool_calls_begin_with_their_name() {
    let p = Provider::start();
    let (_world, gateway) = started(&p);
    let call = |call: Value| chunk(json!({ "tool_calls": [call] }), None);
    for name in ["send", "get_weather", "mcp__fs__read"] {
        let first = call(json!({ "index": 0, "id": "call_a", "type": "function",
            "function": { "name": name, "arguments": "" } }));
        let script = first.clone()
            + &call(json!({ "index": 0, "function": { "arguments": "{\"to\":" } }))
            + &call(json!({ "index": 0, "function": { "arguments": "\"x\"}" } }))
            + &chunk(json!({}), Some("tool_calls"))
            + DONE;
        p.script_stream("s", &script);
        let response = stream(&gateway, "s");
        assert!(response.body.starts_with(&first), "{}", response.body);
        let function = "/choices/0/delta/tool_calls/0/function";
        let events = events(&response);
        assert_eq!(joined(&events, &format!("{function}/name")), name);
        assert_eq!(
            joined(&events, &format!("{function}/arguments")),
            "{\"to\":\"x\"}"
        );
    }
}

#[test]
fn a_stream_ends_with_done_only_if_it_is_complete() {
    let p = Provider::start();
    let (_world, gateway) = started(&p);
    let whole = text("hello world", None) + &text("", Some("stop"));
    for end in [
        "",
        "data: [DONE]\n",
        "data: [DONE]",
        "data: [DONE] \n\n",
        "data:[DONE]\r\n\r\n",
    ] {
        p.script_stream("s", &(whole.clone() + end));
        let response = stream(&gateway, "s");
        assert!(
            !response.body.contains("\"error\""),
            "{end:?}: {}",
            response.body
        );
        assert_eq!(
            joined(&events(&response), CONTENT),
            "hello world",
            "{end:?}"
        );
        assert!(response.body.ends_with(DONE), "{end:?}: {}", response.body);
    }
    for cut in [
        text("hello wor", None),
        text("hello world", None) + "data: {\"id\":\"c1\"",
    ] {
        p.script_stream("s", &cut);
        let response = stream(&gateway, "s");
        let last = events(&response).pop().expect("an event");
        assert_eq!(last["error"]["type"], "upstream_error", "{}", response.body);
        assert!(!response.body.contains("[DONE]"));
    }
}

#[test]
fn the_framing_of_events_does_not_matter() {
    let p = Provider::start();
    let (_world, gateway) = started(&p);
    let odd = r#"{"id":"c1","n":123456789012345678901234567890, "choices":[{"index":0,"delta":{"content":"one, "}}],"x":1.50}"#;
    let script = format!(
        "\u{feff}: OPENROUTER PROCESSING\r\n\r\ndata:{odd}\r\n\r\nevent: ping\n\ndata:\n\nid: 5\n\n{}{DONE}",
        text("two", Some("stop"))
            .replace("data: ", "event: chunk\rdata: ")
            .replace('\n', "\r"),
    );
    p.script_stream("s", &script);
    let response = stream(&gateway, "s");
    assert!(
        response.body.contains(&format!("data: {odd}\n\n")),
        "{}",
        response.body
    );
    assert_eq!(joined(&events(&response), CONTENT), "one, two");
    let fields: Vec<&str> = response.body.lines().filter(|l| !l.is_empty()).collect();
    assert!(
        fields
            .iter()
            .all(|l| l.starts_with("data: {") || *l == ":" || *l == "data: [DONE]"),
        "{fields:?}"
    );
}

#[test]
fn compressed_streams_are_decoded() {
    let p = Provider::start();
    let (_world, gateway) = started(&p);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for part in [
        text("mail bob@exa", None),
        text("mple.com", Some("stop")),
        DONE.to_owned(),
    ] {
        encoder.write_all(part.as_bytes()).expect("memory");
        encoder.flush().expect("memory");
    }
    let mut response = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n".to_vec();
    response.extend(encoder.finish().expect("memory"));
    p.script("s", response);
    assert_eq!(
        joined(&events(&stream(&gateway, "s")), CONTENT),
        "mail [EMAIL]"
    );
    let (head, _) = p.received().pop().expect("a request was sent");
    assert!(
        head.to_ascii_lowercase()
            .contains("accept-encoding: identity"),
        "{head}"
    );
}

#[test]
fn usage_is_requested_counted_and_hidden() {
    let p = Provider::start();
    let (_world, gateway) = started(&p);
    let usage = json!({ "id": "c1", "choices": [], "usage": { "prompt_tokens": 11, "completion_tokens": 22 } });
    let script = text("hello", Some("stop")) + &format!("data: {usage}\n\n") + DONE;
    p.script_stream("s", &script);
    let response = stream(&gateway, "s");
    assert!(!response.body.contains("usage"), "{}", response.body);
    let (_, request) = p.received().pop().expect("a request was sent");
    assert_eq!(request["stream_options"], json!({ "include_usage": true }));
    let response = gateway.post(&json!({ "model": "s", "stream": true,
        "stream_options": { "include_usage": true },
        "messages": [{ "role": "user", "content": "hi" }] }));
    assert!(
        response.body.contains("\"completion_tokens\":22"),
        "{}",
        response.body
    );
    let metrics = http(gateway.admin_port, "GET", "/metrics", &[], "");
    let metrics = metrics.expect("it responds").body;
    let counted = r#"tokens_total{direction="output",model="main"} 44"#;
    assert!(metrics.contains(counted), "{metrics}");
}

#[test]
fn a_cancelled_request_is_counted() {
    let p = Provider::start();
    let (_world, gateway) = started(&p);
    let request = json!({ "model": "silent", "messages": [{ "role": "user", "content": "hi" }] });
    let request = request.to_string();
    let mut client = TcpStream::connect(("127.0.0.1", gateway.port)).expect("it listens");
    write!(
        client,
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{request}",
        request.len()
    )
    .expect("it reads");
    wait_until("the request", TIMEOUT, || {
        (p.received().len() == 1).then_some(())
    });
    drop(client);
    wait_until("the metric", TIMEOUT, || {
        let metrics = http(gateway.admin_port, "GET", "/metrics", &[], "");
        let metrics = metrics.expect("it responds").body;
        metrics.contains(r#"status="499""#).then_some(())
    });
}

fn blocking(p: &Provider, world: &World) {
    let config = with_upstream(&p.url(), "").replace("redact", "block");
    world.sandbox.write("two.yaml", config);
    let reload = world.kt("gateway reload --id production --file two.yaml");
    reload.run().ok();
}

#[test]
fn a_block_before_any_text_has_its_own_status() {
    let p = Provider::start();
    let (world, gateway) = started(&p);
    blocking(&p, &world);
    let role = chunk(json!({ "role": "assistant", "content": "" }), None);
    let secret = text("bob@example.com is", None) + &text("!", Some("stop")) + DONE;
    p.script_stream("s", &(role.clone() + &secret));
    let response = stream(&gateway, "s");
    assert_eq!(response.status, 400, "{}", response.body);
    assert!(response.head.contains("x-should-retry: false"));
    assert_eq!(body(&response)["error"]["code"], "policy_violation");
    let begin = role + &text("The address is ", None);
    p.script_stream_parts("s", &[&begin, &secret]);
    let response = stream(&gateway, "s");
    assert_eq!(response.status, 200);
    let events = events(&response);
    // The last word could have become a part of a match.
    let sent = joined(&events, CONTENT);
    assert!(sent.starts_with("The address"), "{sent}");
    assert!(!sent.contains("bob"), "{sent}");
    let error = &events.last().expect("an event")["error"];
    assert_eq!(
        (&error["type"], &error["code"], &error["param"]),
        (
            &json!("invalid_request_error"),
            &json!("policy_violation"),
            &Value::Null
        )
    );
    assert!(!response.body.contains("[DONE]"));
}

#[test]
fn an_error_in_the_first_event_has_its_own_status() {
    let p = Provider::start();
    let (_world, gateway) = started(&p);
    let error = |code: Value| {
        let error = json!({ "error": { "message": "mail bob@example.com", "type": "server_error", "code": code } });
        format!("data: {error}\n\n")
    };
    p.script_stream("s", &error(json!(429)));
    let response = stream(&gateway, "s");
    assert_eq!(response.status, 429);
    assert_eq!(body(&response)["error"]["message"], "mail [EMAIL]");
    let begin = text("Hello, ", None);
    p.script_stream_parts("s", &[&begin, &error(json!("overloaded"))]);
    let response = stream(&gateway, "s");
    assert_eq!(response.status, 200);
    let last = events(&response).pop().expect("an event");
    assert_eq!(last["error"]["code"], "overloaded");
    assert!(!response.body.contains("bob@example.com") && !response.body.contains("[DONE]"));
}

/// The unit tests split each of these at every byte.
#[test]
fn recorded_streams_are_the_same_however_they_arrive() {
    let p = Provider::start();
    let (_world, gateway) = started(&p);
    let recorded = workspace().join("plugins/gateway-run/src/proxy/stream/recorded");
    let mut count = 0;
    for file in std::fs::read_dir(recorded).expect("the recorded streams") {
        let path = file.expect("an entry").path();
        let script = std::fs::read_to_string(&path).expect("a stream");
        p.script_stream("s", &script);
        let whole = stream(&gateway, "s");
        assert_eq!(whole.status, 200, "{}: {}", path.display(), whole.body);
        assert!(whole.body.ends_with(DONE), "{}", path.display());
        assert!(!whole.body.contains("bob@"), "{}", path.display());
        let half = (script.len() / 2..).find(|at| script.is_char_boundary(*at));
        let (first, rest) = script.split_at(half.expect("a boundary"));
        p.script_stream_parts("s", &[first, rest]);
        let split = stream(&gateway, "s");
        assert_eq!(split.body, whole.body, "{}", path.display());
        count += 1;
    }
    assert!(count > 10, "{count} streams");
}

#[test]
fn streamed_structured_output_stays_json() {
    let p = Provider::start();
    let (_world, gateway) = started(&p);
    let script: String = [
        "{\"card\": 41111111",
        "11111111, \"mail\": \"x\\nbob@exa",
        "mple.com\", \"n\": 1.50}",
    ]
    .iter()
    .map(|part| text(part, None))
    .collect();
    p.script_stream("s", &(script + &text("", Some("stop")) + DONE));
    let expected = "{\"card\": \"[CARD]\", \"mail\": \"x\\n[EMAIL]\", \"n\": 1.50}";
    assert_eq!(joined(&events(&stream(&gateway, "s")), CONTENT), expected);
    p.script_stream("s", &(text("4111111111111111", Some("stop")) + DONE));
    let request = |kind: &str| {
        let response = gateway.post(&json!({ "model": "s", "stream": true,
            "response_format": { "type": kind },
            "messages": [{ "role": "user", "content": "hi" }] }));
        joined(&events(&response), CONTENT)
    };
    assert_eq!(request("json_schema"), "\"[CARD]\"");
    assert_eq!(request("text"), "[CARD]");
}
