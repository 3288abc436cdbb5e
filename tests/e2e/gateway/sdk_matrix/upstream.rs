//! The scripts of the upstream: each model is a scenario.

use super::styles::{ENCRYPTED, Style, chunk, expected_calls, role, styles, usage};
use crate::gateway::provider::Provider;
use serde_json::{Map, Value, json};

/// The names of functions that clients request for structured output.
const OUTPUT_FUNCTIONS: [&str; 2] = ["Person", "final_result"];

/// An upstream with all scenarios.
pub(super) struct Upstream {
    pub(super) provider: Provider,
    styles: Vec<Style>,
}

impl Upstream {
    /// Starts the upstream.
    pub(super) fn start() -> Self {
        let provider = Provider::start();
        let text =
            json!({ "role": "assistant", "content": "Write to bob@example.com.", "refusal": null });
        provider.script("chat", completion(&text, "stop"));

        let pieces = [
            "the card is 4111",
            " 1111 11",
            "11 11",
            "11, thanks",
            " and goodbye",
        ];
        let events: String = pieces.into_iter().map(content).collect();
        provider.script_stream("stream", &(role() + &events + &end()));

        let person = json!({ "name": "Ada", "mail": "bob@example.com" }).to_string();
        let text = json!({ "role": "assistant", "content": person, "refusal": null });
        provider.script("structured", completion(&text, "stop"));
        // The address is split.
        let events: String = person.split_inclusive("bob@exam").map(content).collect();
        provider.script_stream("structured-stream", &(role() + &events + &end()));
        for name in OUTPUT_FUNCTIONS {
            let call = json!({ "id": "call_1", "type": "function",
                "function": { "name": name, "arguments": person } });
            let message = json!({ "role": "assistant", "content": null, "tool_calls": [call] });
            provider.script(name, completion(&message, "tool_calls"));
        }

        let styles = styles();
        for style in &styles {
            provider.script_stream(style.name, &style.stream);
        }
        Self { provider, styles }
    }

    /// Returns the names of all models.
    pub(super) fn models(&self) -> Vec<&'static str> {
        let mut models = vec![
            "chat",
            "stream",
            "structured",
            "structured-stream",
            "leak",
            "cancelled",
        ];
        models.extend(OUTPUT_FUNCTIONS);
        models.extend(self.styles.iter().map(|s| s.name));
        models
    }

    /// Returns what a client must receive.
    pub(super) fn expectations(&self) -> Value {
        let calls: Map<String, Value> = self
            .styles
            .iter()
            .map(|s| (s.name.to_owned(), expected_calls(s)))
            .collect();
        json!({
            "chat": "Write to [EMAIL].",
            "stream": "the card is [CARD], thanks and goodbye",
            "structured": { "name": "Ada", "mail": "[EMAIL]" },
            "tools": calls,
            "reasoning": { "reasoning.text": "I ask both.", "reasoning.encrypted": ENCRYPTED },
        })
    }
}

fn content(text: &str) -> String {
    chunk(&json!({ "content": text }), &Value::Null)
}

fn end() -> String {
    chunk(&json!({}), &json!("stop")) + &usage() + "data: [DONE]\n\n"
}

fn completion(message: &Value, finish_reason: &str) -> String {
    let body = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason }],
        "usage": { "prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7 },
    })
    .to_string();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}
