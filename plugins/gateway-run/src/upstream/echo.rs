//! The built-in provider `echo`: returns the last user message, without a network and
//! without a credential, so that a first run needs neither.

use super::response::{UpstreamBody, UpstreamResponse};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::VecDeque;

/// Responds to a chat request.
pub(super) fn respond(request: &Value, request_id: &str) -> UpstreamResponse {
    let text = last_user_text(request);
    let model = request
        .get("model")
        .and_then(Value::as_str)
        .unwrap_or("echo");
    let completion = Completion {
        id: format!("chatcmpl-{request_id}"),
        created: Timestamp::now().as_second(),
        model: model.to_owned(),
    };
    let streamed = request
        .get("stream")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    if streamed {
        completion.stream(&text)
    } else {
        completion.whole(&text)
    }
}

struct Completion {
    id: String,
    created: i64,
    model: String,
}

impl Completion {
    fn whole(&self, text: &str) -> UpstreamResponse {
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
            "usage": usage(text),
        });
        response(
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
        frames.push_back(self.usage_chunk(text));
        frames.push_back(Bytes::from_static(b"data: [DONE]\n\n"));
        response("text/event-stream", frames)
    }

    fn usage_chunk(&self, text: &str) -> Bytes {
        let body = json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": [],
            "usage": usage(text),
        });
        Bytes::from(format!("data: {body}\n\n"))
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

fn response(content_type: &'static str, chunks: VecDeque<Bytes>) -> UpstreamResponse {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    UpstreamResponse {
        status: StatusCode::OK,
        headers,
        body: UpstreamBody::Ready(chunks),
    }
}

/// There is no tokenizer: words count as tokens.
fn usage(text: &str) -> Value {
    let count = text.split_whitespace().count();
    json!({ "prompt_tokens": count, "completion_tokens": count, "total_tokens": 2 * count })
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
