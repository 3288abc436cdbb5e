//! Streams with placeholders: a placeholder is restored however tokens, events and chunks split it
//! (BerriAI/litellm 30028, 30206), and a stream is not held until its end (29134, 31503).

use super::super::response_filters::ResponseFilters;
use super::super::restoration::Restoration;
use super::chunk::write_event;
use super::sse::{SseItem, SseParser};
use super::transform::Transformer;
use kt_policy::{Chain, Limits, PlaceholderValues, Source, chat, compile, parse};
use serde_json::{Value, json};
use std::sync::Arc;

fn chain() -> Chain {
    let text = "pack: {name: t, version: 1.0.0, enabled: true}\n\
                policies: {chain: [pii-detector, audit-logger]}\n\
                policy: {pii-detector: {detect_patterns: ['p\"w\\\\[a-z0-9]+'], redaction: {restore: true}}, audit-logger: {}}\n";
    let document = parse(&[Source::new("t", text)]).unwrap();
    compile(&document, &Limits::default()).unwrap()
}

/// The values of a request with two addresses and a password with signs.
fn values(chain: &Chain) -> Arc<PlaceholderValues> {
    let content = "ann@b.org, bob@b.org, p\"w\\ord9";
    let request = json!({ "messages": [{ "role": "user", "content": content }] }).to_string();
    let mut evaluated = chat::evaluate_request(chain, &request).unwrap();
    let values = evaluated.take_values().unwrap();
    let masked = evaluated.redact(&request);
    assert!(masked.contains("[EMAIL_2], [PATTERN_1]"), "{masked}");
    values
}

fn transformer(expects_json: bool) -> Transformer {
    let chain = chain();
    let mut filters = ResponseFilters::new(&chain).unwrap();
    if expects_json {
        filters.expect_json();
    }
    let mut transformer = Transformer::new(Some(filters), false);
    transformer.restore(Restoration::new(values(&chain), expects_json));
    transformer
}

/// Transforms a body that arrives in these pieces.
fn transform(pieces: &[&[u8]]) -> (Vec<Value>, usize) {
    let mut transformer = transformer(false);
    let mut parser = SseParser::default();
    let mut out = Vec::new();
    for piece in pieces {
        for item in parser.push(piece).unwrap() {
            if let SseItem::Event(data) = item {
                transformer.event(&data, &mut out).unwrap();
            }
        }
    }
    transformer.finish(&mut out).unwrap();
    (events(&out), transformer.restored())
}

fn events(out: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(out).unwrap();
    text.split_terminator("\n\n")
        .map(|event| serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap())
        .collect()
}

fn body(chunks: &[Value]) -> Vec<u8> {
    let mut body = Vec::new();
    for chunk in chunks {
        write_event(&mut body, &chunk.to_string());
    }
    body
}

fn chunk(index: u64, delta: &Value) -> Value {
    json!({ "choices": [{ "index": index, "delta": delta, "finish_reason": null }] })
}

fn content(text: &str) -> Value {
    chunk(0, &json!({ "content": text }))
}

fn arguments(text: &str) -> Value {
    chunk(
        0,
        &json!({ "tool_calls": [{ "index": 0, "function": { "arguments": text } }] }),
    )
}

fn end() -> Value {
    json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] })
}

/// Joins the texts of a choice at a path below its delta.
fn joined(events: &[Value], index: u64, pointer: &str) -> String {
    let choices = events
        .iter()
        .filter_map(|event| event["choices"].as_array());
    choices
        .flatten()
        .filter(|choice| choice["index"] == index)
        .filter_map(|choice| choice["delta"].pointer(pointer)?.as_str())
        .collect()
}

const ARGUMENTS: &str = "/tool_calls/0/function/arguments";

#[test]
fn a_placeholder_is_restored_however_its_tokens_are_split() {
    let text = "h\u{e9}llo \u{1f600} [EMAIL_1], \\[EMAIL_2\\] [EMAIL_9] and eve@b.org.";
    let expected = "h\u{e9}llo \u{1f600} ann@b.org, bob@b.org [EMAIL_9] and [EMAIL].";
    for (at, _) in text.char_indices() {
        let (first, second) = text.split_at(at);
        let body = body(&[content(first), content(second), end()]);
        let (events, restored) = transform(&[&body]);
        assert_eq!(joined(&events, 0, "/content"), expected, "{first}|{second}");
        assert_eq!(restored, 2);
    }
    let single: Vec<Value> = text.chars().map(|c| content(&c.to_string())).collect();
    let (events, _) = transform(&[&body(&single)]);
    assert_eq!(joined(&events, 0, "/content"), expected);
}

#[test]
fn a_placeholder_is_restored_however_its_bytes_are_split() {
    let body = body(&[content("\u{e9} [EMA"), content("IL_1] \u{1f600}"), end()]);
    for at in 0..body.len() {
        let (events, _) = transform(&[&body[..at], &body[at..]]);
        assert_eq!(
            joined(&events, 0, "/content"),
            "\u{e9} ann@b.org \u{1f600}",
            "{at}"
        );
    }
}

#[test]
fn a_stream_is_not_held_until_its_end() {
    let mut transformer = transformer(false);
    let mut sent = |text: &str| {
        let mut out = Vec::new();
        let event = content(text).to_string();
        transformer.event(&event, &mut out).unwrap();
        joined(&events(&out), 0, "/content")
    };
    assert_eq!(sent("Hello, "), "Hello, ");
    assert_eq!(sent("your address is [EM"), "your address is ");
    assert_eq!(sent("AIL_"), "");
    assert_eq!(sent("1]; "), "ann@b.org; ");
    assert_eq!(sent("[EMAIL_3] ["), "[EMAIL_3] ");
    assert_eq!(sent("x]; "), "[x]; ");
}

#[test]
fn arguments_of_tools_stay_json() {
    let text = r#"{"to":["[EMAIL_1]"],"url":"x/[PATTERN_1]","body":"{\"k\":\"[PATTERN_1]\",\"cc\":\"eve@b.org\"}","n":1.50}"#;
    let inner = json!({ "k": "p\"w\\ord9", "cc": "[EMAIL]" });
    let expected =
        json!({ "to": ["ann@b.org"], "url": "x/p\"w\\ord9", "body": inner.to_string(), "n": 1.5 });
    for at in 0..text.len() {
        let first = json!({ "tool_calls": [{ "index": 0, "id": "call_1", "type": "function",
            "function": { "name": "send", "arguments": text[..at] } }] });
        let body = body(&[chunk(0, &first), arguments(&text[at..]), end()]);
        let (events, restored) = transform(&[&body]);
        let arguments = joined(&events, 0, ARGUMENTS);
        let arguments: Value = serde_json::from_str(&arguments).unwrap();
        assert_eq!(arguments, expected, "{at}");
        assert_eq!(restored, 3);
    }
}

#[test]
fn structured_output_stays_json() {
    let mut transformer = transformer(true);
    let mut out = Vec::new();
    for text in ["{\"a\": \"[PATT", "ERN_1]\", \"b\": [\"EMAIL_1\"", "]}"] {
        let event = content(text).to_string();
        transformer.event(&event, &mut out).unwrap();
    }
    transformer.finish(&mut out).unwrap();
    let text = joined(&events(&out), 0, "/content");
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value, json!({ "a": "p\"w\\ord9", "b": ["ann@b.org"] }));
}

#[test]
fn texts_of_a_stream_do_not_mix() {
    let chunks = [
        chunk(0, &json!({ "reasoning_content": "the [EMA" })),
        chunk(1, &json!({ "content": "IL_1] is [EMAIL_" })),
        chunk(0, &json!({ "reasoning_content": "IL_1]" })),
        chunk(1, &json!({ "content": "2]" })),
        chunk(0, &json!({ "content": "to EMAIL_2" })),
        chunk(
            0,
            &json!({ "annotations": [{ "title": "[EMAIL_1]" }], "executed_tools": [{ "arguments": "[EMAIL_1]" }] }),
        ),
        end(),
    ];
    let (events, restored) = transform(&[&body(&chunks)]);
    assert_eq!(joined(&events, 0, "/reasoning_content"), "the ann@b.org");
    assert_eq!(joined(&events, 1, "/content"), "IL_1] is bob@b.org");
    assert_eq!(joined(&events, 0, "/content"), "to bob@b.org");
    assert_eq!(joined(&events, 0, "/annotations/0/title"), "[EMAIL_1]");
    assert_eq!(
        joined(&events, 0, "/executed_tools/0/arguments"),
        "[EMAIL_1]"
    );
    assert_eq!(restored, 3);
}

#[test]
fn an_event_without_placeholders_keeps_its_bytes() {
    let data = r#"{"id":"c1", "choices":[{"index":0,"delta":{"content":"caf\u00e9 [EMAIL_9]; "}}],"n":123456789012345678901234567890}"#;
    let mut out = Vec::new();
    transformer(false).event(data, &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), format!("data: {data}\n\n"));
}
