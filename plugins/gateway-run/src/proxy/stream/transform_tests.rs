//! Recorded and constructed streams, transformed.

use super::super::super::response_filters::ResponseFilters;
use super::Transformer;
use kt_policy::{Chain, Limits, Source, compile, parse};
use serde_json::{Value, json};

fn chain(action: &str) -> Chain {
    let text = format!(
        "pack: {{name: t, version: 1.0.0, enabled: true}}\npolicies: {{chain: [pii-detector]}}\n\
         policy: {{pii-detector: {{action: {action}}}}}\n"
    );
    let document = parse(&[Source::new("t", text)]).unwrap();
    compile(&document, &Limits::default()).unwrap()
}

fn transformer(action: &str) -> Transformer {
    Transformer::new(ResponseFilters::new(&chain(action)), true)
}

/// Transforms chunks, and returns the events that come out.
fn run(chunks: &[Value]) -> Vec<String> {
    let mut transformer = transformer("redact");
    let mut out = Vec::new();
    for chunk in chunks {
        transformer.event(&chunk.to_string(), &mut out).unwrap();
    }
    transformer.finish(&mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    text.split_terminator("\n\n")
        .map(|event| event.strip_prefix("data: ").unwrap().to_owned())
        .collect()
}

fn chunk(delta: Value, finish: Option<&str>) -> Value {
    json!({ "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }] })
}

fn joined(events: &[String], pointer: &str) -> String {
    events
        .iter()
        .map(|event| serde_json::from_str::<Value>(event).unwrap())
        .filter_map(|event| {
            event
                .pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
        })
        .collect()
}

const CONTENT: &str = "/choices/0/delta/content";
const ARGUMENTS: &str = "/choices/0/delta/tool_calls/0/function/arguments";

#[test]
fn unchanged_events_keep_their_bytes() {
    let data = r#"{"id":"c1", "choices":[{"index":0,"delta":{"content":"hello wörld! "}, "finish_reason":null}],"n":123456789012345678901234567890, "x":1.50}"#;
    let mut out = Vec::new();
    transformer("redact").event(data, &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), format!("data: {data}\n\n"));
}

#[test]
fn a_last_chunk_with_text_and_finish_reason_is_complete() {
    for parts in [
        vec!["Mail us at 555-1234 or bob@exam"],
        vec!["Total ", "is 4111"],
        vec!["Ask about hello"],
    ] {
        let last = parts.len() - 1;
        let chunks: Vec<Value> = parts
            .iter()
            .enumerate()
            .map(|(n, text)| chunk(json!({ "content": text }), (n == last).then_some("stop")))
            .collect();
        let events = run(&chunks);
        assert_eq!(joined(&events, CONTENT), parts.concat());
        assert!(events.last().unwrap().contains("\"stop\""), "{events:?}");
        assert_eq!(joined(&events, "/choices/0/finish_reason"), "stop");
    }
}

#[test]
fn names_ids_types_and_signatures_leave_with_their_first_chunk() {
    let first = json!({ "role": "assistant", "tool_calls": [{ "index": 0, "id": "call_4111111111111111",
        "type": "function", "function": { "name": "get_weather", "arguments": "" },
        "extra_content": { "google": { "thought_signature": "QUJD4111111111111111==" } } }] });
    let chunks = [
        chunk(first, None),
        chunk(
            json!({ "tool_calls": [{ "index": 0, "function": { "arguments": "{\"to\": \"4111 1111 " } }] }),
            None,
        ),
        chunk(
            json!({ "tool_calls": [{ "index": 0, "function": { "arguments": "1111 1111\"}" } }] }),
            None,
        ),
        chunk(json!({}), Some("tool_calls")),
    ];
    let events = run(&chunks);
    assert_eq!(events[0], chunks[0].to_string());
    let arguments = joined(&events, ARGUMENTS);
    assert!(
        !arguments.contains("1111") && arguments.contains("CARD"),
        "{arguments}"
    );
}

#[test]
fn held_text_leaves_before_the_end_of_its_call_or_choice() {
    let call = json!({ "tool_calls": [{ "index": 0, "id": "call_a", "type": "function",
        "function": { "name": "f", "arguments": "{\"n\": 41" } }] });
    let second = json!({ "tool_calls": [{ "index": 0, "id": "call_b", "type": "function",
        "function": { "name": "g", "arguments": "{}" } }] });
    let events = run(&[
        chunk(json!({ "reasoning_content": "call 555" }), None),
        chunk(json!({ "content": "card 4111" }), None),
        chunk(call, None),
        chunk(second, None),
        chunk(json!({}), Some("tool_calls")),
    ]);
    let position = |part: &str| {
        let found = events.iter().position(|event| event.contains(part));
        found.unwrap_or_else(|| panic!("{part}: {events:?}"))
    };
    assert_eq!(
        joined(&events, "/choices/0/delta/reasoning_content"),
        "call 555"
    );
    assert_eq!(joined(&events, CONTENT), "card 4111");
    assert_eq!(joined(&events, ARGUMENTS), "{\"n\": 41{}");
    assert!(
        position("call_a") < position("4111"),
        "the call waits for no text"
    );
    assert!(position("4111") < events.len() - 1, "{events:?}");
    let rest = events
        .iter()
        .rposition(|event| event.contains("{\\\"n\\\": 41"))
        .unwrap();
    assert!(rest < position("call_b"), "{events:?}");
}

#[test]
fn interleaved_choices_are_filtered_apart() {
    let choice = |index: u64, text: &str| json!({ "choices": [{ "index": index, "delta": { "content": text }, "finish_reason": null }] });
    let events = run(&[
        choice(0, "4111 1111 "),
        choice(1, "one "),
        choice(0, "1111 1111 "),
        choice(1, "two"),
        json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] }),
        json!({ "choices": [{ "index": 1, "delta": {}, "finish_reason": "stop" }] }),
    ]);
    let all = events.concat();
    assert!(!all.contains("1111") && all.contains("[CARD]"), "{all}");
}

/// Hosts send the same reasoning twice in every chunk.
#[test]
fn texts_that_share_every_chunk_do_not_flush_each_other() {
    let piece = |text: &str| {
        chunk(
            json!({ "content": "", "reasoning": text,
                "reasoning_details": [{ "type": "reasoning.text", "text": text, "index": 0 }] }),
            None,
        )
    };
    let events = run(&[
        piece("4111 1111 "),
        piece("1111 1111"),
        chunk(json!({}), Some("stop")),
    ]);
    assert!(!events.concat().contains("1111"), "{events:?}");
}

#[test]
fn texts_outside_of_choices_are_filtered() {
    let mut value = chunk(json!({ "content": "hi" }), None);
    value["citations"] = json!(["mail bob@example.com"]);
    value["choices"][0]["logprobs"] = json!({ "content": [{ "token": "bob@example.com" }] });
    let events = run(&[value]);
    assert!(!events[0].contains("bob@example.com"), "{events:?}");
    assert!(events[0].contains("[EMAIL]") && events[0].contains("\"logprobs\":null"));
}

#[test]
fn usage_is_counted_and_hidden_unless_requested() {
    let usage = json!({ "id": "c1", "choices": [], "usage": { "prompt_tokens": 3, "completion_tokens": 4 } });
    let mut out = Vec::new();
    let mut hiding = transformer("redact");
    hiding.event(&usage.to_string(), &mut out).unwrap();
    assert_eq!((hiding.usage(), out.is_empty()), (Some((3, 4)), true));
    let mut showing = Transformer::new(None, false);
    showing.event(&usage.to_string(), &mut out).unwrap();
    assert!(!out.is_empty());
}

#[test]
fn errors_and_blocks_end_the_stream() {
    let mut out = Vec::new();
    let mut redacting = transformer("redact");
    let error = json!({ "error": { "message": "overloaded", "code": 503 } });
    redacting.event(&error.to_string(), &mut out).unwrap_err();
    redacting.event("{", &mut out).unwrap_err();
    let mut blocking = transformer("block");
    let text = chunk(json!({ "content": "mail bob@example.com now" }), None);
    blocking.event(&text.to_string(), &mut out).unwrap_err();
    assert!(out.is_empty(), "{}", String::from_utf8_lossy(&out));
}

#[test]
fn choices_and_tool_calls_are_bounded() {
    let mut out = Vec::new();
    let mut transformer = transformer("redact");
    let choice =
        |index: u64| json!({ "choices": [{ "index": index, "delta": { "content": "a" } }] });
    let accepted = (0..1000).take_while(|index| {
        transformer
            .event(&choice(*index).to_string(), &mut out)
            .is_ok()
    });
    assert_eq!(accepted.count(), 128);
    let mut transformer = self::transformer("redact");
    let call = |index: u64| {
        let call = json!({ "index": index, "function": { "arguments": "{" } });
        chunk(json!({ "tool_calls": [call] }), None)
    };
    let accepted = (0..5000).take_while(|index| {
        transformer
            .event(&call(*index).to_string(), &mut out)
            .is_ok()
    });
    assert_eq!(accepted.count(), 1024);
}

/// The result must not depend on where the upstream splits a text.
#[test]
fn every_split_of_a_text_gives_the_same_result() {
    let text = "card 4111 1111 1111 1111, mail bob@example.com, SSN 123-45-6789 — café";
    let whole = joined(
        &run(&[chunk(json!({ "content": text }), Some("stop"))]),
        CONTENT,
    );
    assert_eq!(whole, "card [CARD], mail [EMAIL], SSN [SSN] — café");
    for cut in (0..=text.len()).filter(|cut| text.is_char_boundary(*cut)) {
        let events = run(&[
            chunk(json!({ "content": &text[..cut] }), None),
            chunk(json!({ "content": &text[cut..] }), Some("stop")),
        ]);
        assert_eq!(joined(&events, CONTENT), whole, "cut at {cut}");
    }
}

#[test]
fn redacted_arguments_stay_valid_json() {
    let call = |arguments: &str| {
        let call = json!({ "index": 0, "id": "call_a", "type": "function",
            "function": { "name": "f", "arguments": arguments } });
        chunk(json!({ "tool_calls": [call] }), None)
    };
    let arguments = r#"{"card": 4111111111111111, "mail": "x\nbob\u0040example.com", "n": 7}"#;
    let events = run(&[call(arguments), chunk(json!({}), Some("tool_calls"))]);
    assert_eq!(events.len(), 2, "a call in one chunk stays in one chunk");
    let redacted: Value = serde_json::from_str(&joined(&events, ARGUMENTS)).unwrap();
    assert_eq!(redacted["mail"], "x\n[EMAIL]");
    assert_eq!(redacted["n"], 7);
    assert!(!redacted.to_string().contains("4111"), "{redacted}");
}

/// An id in an unusual form is evaluated as text, but not held back.
#[test]
fn fields_in_another_form_leave_with_their_first_chunk_too() {
    let call = json!({ "index": 0, "id": "call 4111", "type": "function",
        "function": { "name": "get weather 41", "arguments": "" } });
    let first = chunk(json!({ "tool_calls": [call] }), None);
    let events = run(&[first.clone(), chunk(json!({}), Some("tool_calls"))]);
    assert_eq!(events[0], first.to_string());
}
