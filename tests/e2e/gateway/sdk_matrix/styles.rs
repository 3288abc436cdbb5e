//! Streams of two parallel tool calls, in the style of each provider.

use serde_json::{Value, json};

/// A stream of tool calls.
pub(super) struct Style {
    /// The name of the style, which is the name of its model too.
    pub(super) name: &'static str,
    /// The ids of the two calls.
    pub(super) ids: [String; 2],
    /// The body of the response.
    pub(super) stream: String,
}

/// The names of the functions.
const NAMES: [&str; 2] = ["get_weather", "get_time"];

/// The arguments in fragments; the address is split, and redacted by the gateway.
const ARGUMENTS: [&[&str]; 2] = [
    &[
        "{\"city\": \"Paris\", \"mail\":",
        " \"bob@exam",
        "ple.com\"}",
    ],
    &["{\"zone\": \"C", "ET\"}"],
];

/// How the fragments of a call differ between providers.
#[derive(Clone, Copy)]
struct Fragments {
    /// The arguments in the first fragment, with the id and the name.
    opening: Option<&'static str>,
    /// The id and the name in later fragments.
    repeated: Option<&'static str>,
}

const USUAL: Fragments = Fragments {
    opening: Some(""),
    repeated: None,
};

/// Returns the calls that a client must receive.
pub(super) fn expected_calls(style: &Style) -> Value {
    json!([
        { "id": style.ids[0], "name": NAMES[0], "arguments": { "city": "Paris", "mail": "[EMAIL]" } },
        { "id": style.ids[1], "name": NAMES[1], "arguments": { "zone": "CET" } },
    ])
}

/// Returns all styles.
pub(super) fn styles() -> Vec<Style> {
    let ids = |id: fn(usize) -> String| [id(0), id(1)];
    let mut all = Vec::new();
    let mut add = |name, ids: [String; 2], events: Vec<String>| {
        let stream = events.concat() + "data: [DONE]\n\n";
        all.push(Style { name, ids, stream });
    };

    let call = ids(|n| format!("call_{n}x9Qm2ZpB41112222"));
    let mut events = vec![role()];
    events.extend(fragments(&call, USUAL));
    events.extend([finish(), usage()]);
    add("openai", call, events);

    // Both calls and the finish reason are in one event.
    let call = ids(|n| format!("a1B2c3D4{n}"));
    let both = json!({ "content": "", "tool_calls": [whole(&call, 0), whole(&call, 1)] });
    add(
        "mistral",
        call,
        vec![role(), chunk(&both, &json!("tool_calls"))],
    );

    // The first fragment of a call has no arguments.
    let call = ids(|n| format!("chatcmpl-tool-{n}f1e2d3c4b5a69788796a5b4c3d2e1f0"));
    let mut events = vec![role()];
    events.extend(fragments(
        &call,
        Fragments {
            opening: None,
            ..USUAL
        },
    ));
    events.push(finish());
    add("vllm", call, events);

    let call = ids(|n| format!("function-call-1184516094274518{n}041"));
    let mut events = Vec::new();
    for n in 0..2 {
        let mut tool = whole(&call, n);
        let signature = format!("CiQB{n}3uB41111111111111111AAbbCC==");
        tool["extra_content"] = json!({ "google": { "thought_signature": signature } });
        let delta = json!({ "role": "assistant", "tool_calls": [tool] });
        events.push(chunk(&delta, &Value::Null));
    }
    events.push(finish());
    add("gemini", call, events);

    let call = [
        "functions.get_weather:0".to_owned(),
        "functions.get_time:1".to_owned(),
    ];
    let mut events = vec![role()];
    events.extend(fragments(&call, USUAL));
    events.push(finish());
    add("kimi", call, events);

    // Text before the calls.
    let call = ids(|n| format!("toolu_0{n}A09q90qw90lq917835lq9"));
    let text = chunk(&json!({ "content": "I ask both." }), &Value::Null);
    let mut events = vec![role(), text];
    events.extend(fragments(&call, USUAL));
    events.push(finish());
    add("anthropic", call, events);

    // The first event has no choice; later fragments have empty ids and names.
    let call = ids(|n| format!("call_Azure{n}kL2mN8pQ4rS6tU1vW3x"));
    let filter = json!({ "id": "", "object": "", "created": 0, "model": "", "choices": [],
        "prompt_filter_results": [{ "prompt_index": 0, "content_filter_results": {} }] });
    let mut events = vec![format!("data: {filter}\n\n"), role()];
    events.extend(fragments(
        &call,
        Fragments {
            repeated: Some(""),
            ..USUAL
        },
    ));
    events.push(finish());
    add("azure", call, events);

    let call = ids(|n| format!("call_{n}"));
    let both = json!({ "tool_calls": [whole(&call, 0), whole(&call, 1)] });
    add(
        "groq",
        call,
        vec![role(), chunk(&both, &Value::Null), finish()],
    );

    // Comments, and reasoning in three fields.
    let call = ids(|n| format!("tool_{n}_get_8Zq1vT"));
    let reasoning = json!({ "role": "assistant", "content": "", "reasoning": "I ask both.",
        "reasoning_details": [{ "type": "reasoning.text", "text": "I ask both.", "format": "unknown", "index": 0 }] });
    let encrypted = json!({ "role": "assistant", "content": "", "reasoning_details": [
        { "type": "reasoning.encrypted", "data": ENCRYPTED, "id": "rs_1", "format": "openai-responses-v1", "index": 1 }] });
    let mut events = vec![
        ": OPENROUTER PROCESSING\n\n".to_owned(),
        chunk(&reasoning, &Value::Null),
        chunk(&encrypted, &Value::Null),
    ];
    events.extend(fragments(&call, USUAL));
    events.extend([finish(), usage()]);
    add("openrouter", call, events);
    all
}

/// Encrypted reasoning with the digits of a card, which is a protocol field.
pub(super) const ENCRYPTED: &str = "gAAAAABo4111111111111111AAbbCC==";

/// Returns an event of a stream.
pub(super) fn chunk(delta: &Value, finish_reason: &Value) -> String {
    let body = json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason }] });
    format!("data: {body}\n\n")
}

/// Returns the event with the usage.
pub(super) fn usage() -> String {
    let body = json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [], "usage": { "prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7 } });
    format!("data: {body}\n\n")
}

pub(super) fn role() -> String {
    chunk(
        &json!({ "role": "assistant", "content": null }),
        &Value::Null,
    )
}

fn finish() -> String {
    chunk(&json!({}), &json!("tool_calls"))
}

fn whole(ids: &[String; 2], n: usize) -> Value {
    json!({ "index": n, "id": ids[n], "type": "function",
        "function": { "name": NAMES[n], "arguments": ARGUMENTS[n].concat() } })
}

/// Returns the events of both calls, in fragments.
fn fragments(ids: &[String; 2], form: Fragments) -> Vec<String> {
    let mut calls = Vec::new();
    for n in 0..2 {
        let mut first = json!({ "index": n, "id": ids[n], "type": "function",
            "function": { "name": NAMES[n] } });
        if let Some(opening) = form.opening {
            first["function"]["arguments"] = json!(opening);
        }
        calls.push(first);
        for part in ARGUMENTS[n] {
            let mut call = json!({ "index": n, "function": { "arguments": part } });
            if let Some(repeated) = form.repeated {
                call["id"] = json!(repeated);
                call["function"]["name"] = json!(repeated);
            }
            calls.push(call);
        }
    }
    let event = |call| chunk(&json!({ "tool_calls": [call] }), &Value::Null);
    calls.into_iter().map(event).collect()
}
