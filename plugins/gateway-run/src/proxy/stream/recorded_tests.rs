//! Streams in the form of each provider, split at every byte.

use super::super::super::response_filters::ResponseFilters;
use super::super::sse::SseParser;
use super::super::transform::Transformer;
use super::{Progress, Stream};
use crate::upstream::UpstreamBody;
use bytes::Bytes;
use http::StatusCode;
use kt_policy::{Chain, Limits, Source, compile, parse};
use serde_json::Value;
use std::collections::BTreeMap;

const RECORDED: [(&str, &str); 13] = [
    (
        "anthropic-compatible",
        include_str!("recorded/anthropic-compatible.sse"),
    ),
    ("azure", include_str!("recorded/azure.sse")),
    ("gemini", include_str!("recorded/gemini.sse")),
    ("groq", include_str!("recorded/groq.sse")),
    ("kimi", include_str!("recorded/kimi.sse")),
    ("mistral", include_str!("recorded/mistral.sse")),
    (
        "openai-refusal",
        include_str!("recorded/openai-refusal.sse"),
    ),
    (
        "openai-structured",
        include_str!("recorded/openai-structured.sse"),
    ),
    ("openai-text", include_str!("recorded/openai-text.sse")),
    ("openai-tools", include_str!("recorded/openai-tools.sse")),
    ("openrouter", include_str!("recorded/openrouter.sse")),
    ("two-choices", include_str!("recorded/two-choices.sse")),
    ("vllm", include_str!("recorded/vllm.sse")),
];

/// The fields whose texts are evaluated.
const TEXTS: [&str; 7] = [
    "content",
    "reasoning",
    "reasoning_content",
    "refusal",
    "text",
    "arguments",
    "logprobs",
];

fn chain() -> Chain {
    let text = "pack: {name: t, version: 1.0.0, enabled: true}\n\
                policies: {chain: [pii-detector, dlp-filter]}\n\
                policy: {pii-detector: {}, dlp-filter: {blocked_terms: [project nightjar]}}\n";
    let document = parse(&[Source::new("t", text)]).unwrap();
    compile(&document, &Limits::default()).unwrap()
}

/// Returns what the gateway sends for a body that arrives in these pieces.
fn forwarded(chain: &Chain, pieces: &[&[u8]]) -> String {
    let (sent, is_complete) = forward(chain, pieces);
    assert!(is_complete, "{sent}");
    sent
}

/// Returns also whether the stream is complete.
fn forward(chain: &Chain, pieces: &[&[u8]]) -> (String, bool) {
    let chunks = pieces.iter().map(|piece| Bytes::copy_from_slice(piece));
    let mut stream = Stream {
        body: UpstreamBody::Ready(chunks.collect()),
        parser: SseParser::default(),
        transformer: Transformer::new(ResponseFilters::new(chain), false),
        upstream: "recorded".to_owned(),
        refusal_status: StatusCode::BAD_REQUEST,
        blocked: None,
        guards: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let mut output = Vec::new();
    let advance = async {
        while let Progress::Continues = stream.advance(&mut output).await? {}
        Ok::<(), super::ErrorResponse>(())
    };
    let is_complete = runtime.block_on(advance).is_ok();
    (String::from_utf8(output).unwrap(), is_complete)
}

#[test]
fn the_result_does_not_depend_on_where_a_stream_is_split() {
    let chain = chain();
    for (name, recorded) in RECORDED {
        let bytes = recorded.as_bytes();
        let whole = forwarded(&chain, &[bytes]);
        for cut in 0..=bytes.len() {
            let (first, rest) = bytes.split_at(cut);
            let split = forwarded(&chain, &[first, rest]);
            assert!(split == whole, "{name}, cut at {cut}:\n{split}\n\n{whole}");
        }
        let each: Vec<&[u8]> = bytes.chunks(1).collect();
        assert!(forwarded(&chain, &each) == whole, "{name}, byte by byte");
    }
}

fn events(stream: &str) -> Vec<String> {
    let lines = stream.trim_start_matches('\u{feff}').lines();
    let data = lines.filter_map(|line| line.strip_prefix("data:"));
    data.map(|data| data.strip_prefix(' ').unwrap_or(data).to_owned())
        .collect()
}

/// Returns an event with the values of [`TEXTS`] removed, and everything else byte for byte.
fn without_texts(event: &str) -> String {
    let mut result = String::new();
    let mut rest = event;
    while let Some((key, after)) = next_text(rest) {
        result.push_str(&rest[..key]);
        let mut values = serde_json::Deserializer::from_str(&rest[after..]).into_iter::<Value>();
        let value = values.next().expect("a value").expect("JSON");
        let is_text = value.is_string() || rest[key..].starts_with("\"logprobs");
        let end = after + values.byte_offset();
        result.push_str(if is_text { "…" } else { &rest[key..end] });
        rest = &rest[end..];
    }
    result + rest
}

/// Returns the position of the next key of [`TEXTS`], and that of its value.
fn next_text(rest: &str) -> Option<(usize, usize)> {
    let keys = TEXTS.iter().filter_map(|key| {
        let key = format!("\"{key}\":");
        rest.find(&key).map(|at| (at, at + key.len()))
    });
    keys.min()
}

#[test]
fn everything_but_text_is_as_the_provider_sent_it() {
    let chain = chain();
    for (name, recorded) in RECORDED {
        let sent = forwarded(&chain, &[recorded.as_bytes()]);
        assert!(sent.ends_with("data: [DONE]\n\n"), "{name}: {sent}");
        let mut expected = events(recorded)
            .into_iter()
            .filter(|event| event != "[DONE]")
            .map(|event| without_texts(&event))
            .peekable();
        for event in events(&sent) {
            if event == "[DONE]" {
                continue;
            }
            if expected.peek() == Some(&without_texts(&event)) {
                expected.next();
                continue;
            }
            assert_generated(name, &event);
        }
        assert_eq!(expected.next(), None, "{name}: {sent}");
    }
}

/// Asserts that an event that the provider did not send has only text.
fn assert_generated(name: &str, event: &str) {
    let value: Value = serde_json::from_str(event).unwrap();
    assert!(
        value["id"].is_string() && value["created"].is_u64(),
        "{event}"
    );
    let [choice] = value["choices"].as_array().unwrap().as_slice() else {
        panic!("{name}: {event}");
    };
    assert!(choice["finish_reason"].is_null(), "{name}: {event}");
    for key in choice["delta"].as_object().unwrap().keys() {
        let known = TEXTS.contains(&key.as_str())
            || matches!(key.as_str(), "tool_calls" | "reasoning_details");
        assert!(known, "{name}: {event}");
    }
    assert_eq!(choice.pointer("/delta/tool_calls/0/id"), None, "{event}");
}

/// Returns the texts of a stream, joined, by choice and field, and by call.
fn texts(stream: &str) -> BTreeMap<String, String> {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    let mut calls: BTreeMap<u64, usize> = BTreeMap::new();
    for event in events(stream) {
        let Ok(event) = serde_json::from_str::<Value>(&event) else {
            continue;
        };
        for choice in event["choices"].as_array().into_iter().flatten() {
            let index = choice["index"].as_u64().unwrap();
            let delta = &choice["delta"];
            let mut add = |field: String, value: &Value| {
                let text = texts.entry(format!("{index} {field}")).or_default();
                text.push_str(value.as_str().unwrap_or_default());
            };
            for field in ["content", "reasoning", "reasoning_content", "refusal"] {
                add(field.to_owned(), &delta[field]);
            }
            for detail in delta["reasoning_details"].as_array().into_iter().flatten() {
                add(format!("detail {}", detail["index"]), &detail["text"]);
            }
            for call in delta["tool_calls"].as_array().into_iter().flatten() {
                let is_new = call["id"].as_str().is_some_and(|id| !id.is_empty());
                let count = calls.entry(index).or_default();
                *count += usize::from(is_new);
                add(format!("call {count}"), &call["function"]["arguments"]);
            }
        }
    }
    texts
}

#[test]
fn every_text_is_masked_and_nothing_else_changes_in_it() {
    let chain = chain();
    for (name, recorded) in RECORDED {
        let sent = forwarded(&chain, &[recorded.as_bytes()]);
        let is_json = |text: &str| text.starts_with('{');
        let mask = |text: &String| {
            text.replace("4111 1111 1111 1111", "[CARD]")
                .replace("bob@example.com", "[EMAIL]")
                .replace("project nightjar", "[REDACTED]")
                .replace("\"card\": 4111111111111111", "\"card\": \"[CARD]\"")
                .replace("bob\\u0040example.com", "[EMAIL]")
        };
        let expected = texts(recorded);
        let masked: Vec<String> = expected.values().map(mask).collect();
        assert!(masked.iter().any(|text| text.contains("[CARD]")), "{name}");
        let found = texts(&sent);
        assert_eq!(
            found.values().collect::<Vec<_>>(),
            masked.iter().collect::<Vec<_>>(),
            "{name}"
        );
        for text in found.values().filter(|text| is_json(text)) {
            let parsed = serde_json::from_str::<Value>(text);
            // 1e400 is JSON, but no number of this parser.
            assert!(parsed.is_ok() || text.contains("1e400"), "{name}: {text}");
        }
    }
}

const TEXT: &str = r#"data: {"choices":[{"index":0,"delta":{"content":"hello wörld"}}]}"#;
const FINISH: &str = r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;

/// An event that is cut within a character.
const CUT: &[u8] = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\xe2\x82";

#[test]
fn a_stream_with_a_finish_reason_is_complete_however_it_ends() {
    let chain = chain();
    let whole = format!("{TEXT}\n\n{FINISH}\n\n");
    let with = |end: &str| (whole.clone() + end).into_bytes();
    let carriage_returns = format!("{whole}data: [DONE]\n\n").replace('\n', "\r");
    let mut bodies = vec![
        with(""),
        with("data:[DONE]\n\n"),
        with("data: [DONE]"),
        with("data:  [DONE]  \n\n"),
        with("retry: 100\n\n"),
        with("retry: 100\nid: 7\nevent: done\ndata: [DONE]\n\n"),
        with(": keep-alive\n\n: keep-alive\n\n"),
        with("data\n\ndata:\n\nevent: end\n\n"),
        with("data: [DONE]\n\ndata: {\"after\": 1}\n\n"),
        with("data: {\"choices\": [{\"index\""),
        carriage_returns.into_bytes(),
        format!("\u{feff}{whole}").into_bytes(),
        format!("retry: 3000\n\n: hi\n\n{whole}").into_bytes(),
        whole.replace("data: ", "data:").into_bytes(),
        whole
            .replace("{\"choices", "\ndata: {\"choices")
            .into_bytes(),
    ];
    bodies.push([whole.as_bytes(), CUT].concat());
    for body in bodies {
        let (sent, is_complete) = forward(&chain, &[&body]);
        let body = String::from_utf8_lossy(&body);
        assert!(is_complete, "{body:?}: {sent}");
        assert_eq!(texts(&sent)["0 content"], "hello wörld", "{body:?}");
        assert!(sent.ends_with("data: [DONE]\n\n"), "{body:?}: {sent}");
        assert!(!sent.contains("after"), "{sent}");
    }
}

#[test]
fn a_stream_that_is_cut_is_an_error() {
    let chain = chain();
    let cut = [
        TEXT.as_bytes().to_vec(),
        format!("{TEXT}\n\n: keep-alive\n\n").into_bytes(),
        [TEXT.as_bytes(), b"\n\n", CUT].concat(),
        b"data: \xff\n\ndata: [DONE]\n\n".to_vec(),
        Vec::new(),
    ];
    for body in cut {
        let (sent, is_complete) = forward(&chain, &[&body]);
        let body = String::from_utf8_lossy(&body);
        assert!(!is_complete && !sent.contains("[DONE]"), "{body:?}: {sent}");
    }
}

/// Servers in JavaScript split a text between the halves of a pair of surrogates.
#[test]
fn halves_of_characters_pass() {
    let chain = chain();
    let event = |text: &str| {
        format!(r#"data: {{"choices":[{{"index":0,"delta":{{"content":"{text}"}}}}],"n":1.50}}"#)
    };
    let halves = [event("a \\ud83d"), event("\\ude00"), event("\\ud800")];
    let recorded = halves.join("\n\n") + "\n\n" + FINISH + "\n\ndata: [DONE]\n\n";
    assert_eq!(forwarded(&chain, &[recorded.as_bytes()]), recorded);
    let masked = event("\\ud83d bob@example.com, ") + "\n\n" + FINISH + "\n\n";
    let sent = forwarded(&chain, &[masked.as_bytes()]);
    assert!(sent.contains("[EMAIL]") && sent.contains("1.50"), "{sent}");
}

/// Calls begin with their name in every form that hosts send.
#[test]
fn names_of_other_kinds_of_calls_leave_with_their_first_chunk() {
    let chain = chain();
    for delta in [
        r#"{"tool_calls":[{"index":0,"id":"call_a","type":"custom","custom":{"name":"run_sql","input":""}}]}"#,
        r#"{"function_call":{"name":"get_weather","arguments":""}}"#,
        r#"{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"mcp.fs-read_41","arguments":"{}"}}]}"#,
        r#"{"role":"assistant","content":null,"tool_calls":[{"index":5,"id":"41","type":"function","function":{"name":"f","arguments":"{}"}}]}"#,
    ] {
        let first = format!(r#"data: {{"choices":[{{"index":0,"delta":{delta}}}]}}"#);
        let recorded = format!("{first}\n\n{FINISH}\n\ndata: [DONE]\n\n");
        assert_eq!(forwarded(&chain, &[recorded.as_bytes()]), recorded);
    }
}

/// The last chunk is whole whatever it carries beside the finish reason.
#[test]
fn a_last_chunk_with_any_text_is_complete() {
    let chain = chain();
    for (field, reason) in [
        ("content", "length"),
        ("reasoning_content", "content_filter"),
        ("refusal", "stop"),
    ] {
        let last = format!(
            r#"data: {{"choices":[{{"index":0,"delta":{{"{field}":"call 41"}},"finish_reason":"{reason}"}}]}}"#
        );
        let recorded = format!("{TEXT}\n\n{last}\n\ndata: [DONE]\n\n");
        let sent = forwarded(&chain, &[recorded.as_bytes()]);
        let text = &texts(&sent)[&format!("0 {field}")];
        assert!(text.ends_with("call 41"), "{sent}");
        assert!(
            sent.ends_with(&format!("\"{reason}\"}}]}}\n\ndata: [DONE]\n\n")),
            "{sent}"
        );
    }
}

/// An empty finish reason ends nothing: what could become a match is still held.
#[test]
fn an_empty_finish_reason_is_none() {
    let chain = chain();
    let event = |text: &str| {
        format!(
            r#"data: {{"choices":[{{"index":0,"delta":{{"content":"{text}"}},"finish_reason":""}}]}}"#
        )
    };
    let parts = [
        event("mail bob@exa"),
        event("mple.com, "),
        FINISH.to_owned(),
    ];
    let sent = forwarded(&chain, &[(parts.join("\n\n") + "\n\n").as_bytes()]);
    assert_eq!(texts(&sent)["0 content"], "mail [EMAIL], ");
    let (_, is_complete) = forward(&chain, &[(event("a") + "\n\n").as_bytes()]);
    assert!(!is_complete);
}
