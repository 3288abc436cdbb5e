//! The built-in provider `echo`: answers with the last user message, without a
//! network and without a key, so that a first run needs neither.

use super::reply::{UpstreamBody, UpstreamResponse};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::VecDeque;

/// Answers a chat request.
pub(crate) fn answer(request: &Value, request_id: &str) -> UpstreamResponse {
    let text = last_user_text(request);
    let model = request
        .get("model")
        .and_then(Value::as_str)
        .unwrap_or("echo");
    let made = Envelope {
        id: format!("chatcmpl-{request_id}"),
        created: Timestamp::now().as_second(),
        model: model.to_owned(),
    };
    let streamed = request
        .get("stream")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    if streamed {
        made.stream(&text)
    } else {
        made.whole(&text)
    }
}

struct Envelope {
    id: String,
    created: i64,
    model: String,
}

impl Envelope {
    fn whole(&self, text: &str) -> UpstreamResponse {
        let count = words(text);
        let body = json!({
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.model,
            "choices": [{
                "index": 0,
                "message": { "role": "assistant", "content": text },
                "finish_reason": "stop",
            }],
            "usage": { "prompt_tokens": count, "completion_tokens": count, "total_tokens": 2 * count },
        });
        reply(
            "application/json",
            VecDeque::from([Bytes::from(body.to_string())]),
        )
    }

    fn stream(&self, text: &str) -> UpstreamResponse {
        let mut frames = VecDeque::new();
        frames.push_back(self.chunk(&json!({ "role": "assistant", "content": "" }), Value::Null));
        for piece in text.split_inclusive(' ') {
            frames.push_back(self.chunk(&json!({ "content": piece }), Value::Null));
        }
        frames.push_back(self.chunk(&json!({}), "stop".into()));
        frames.push_back(Bytes::from_static(b"data: [DONE]\n\n"));
        reply("text/event-stream", frames)
    }

    fn chunk(&self, delta: &Value, finish: Value) -> Bytes {
        let body = json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
        });
        Bytes::from(format!("data: {body}\n\n"))
    }
}

fn reply(kind: &'static str, pieces: VecDeque<Bytes>) -> UpstreamResponse {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    UpstreamResponse {
        status: StatusCode::OK,
        headers,
        body: UpstreamBody::Ready(pieces),
    }
}

/// Echo has no tokenizer; its tokens are words.
fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

fn last_user_text(request: &Value) -> String {
    let messages = request.get("messages").and_then(Value::as_array);
    let last = messages
        .into_iter()
        .flatten()
        .rfind(|m| m.get("role").and_then(Value::as_str) == Some("user"));
    match last.and_then(|m| m.get("content")) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts
            .iter()
            .filter_map(|p| p.get("text").and_then(Value::as_str))
            .collect::<Vec<_>>()
            .join("\n"),
        _ => String::new(),
    }
}
