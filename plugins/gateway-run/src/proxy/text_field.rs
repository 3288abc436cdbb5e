//! The texts of a response, and which of them belong to the protocol.

use kt_policy::RestoredText;
use kt_policy::chat::{is_word_of_protocol, restored_field};
use serde_json::{Value, json};

/// The maximum length of a name or an id of the protocol.
const MAX_NAME_LENGTH: usize = 128;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    Key(String),
    Item {
        position: usize,
        /// The `index` member of the item, or its position: the fragments of one tool
        /// call arrive in several chunks, under one index.
        index: u64,
    },
}

/// How a text of a response is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldKind {
    /// An id, a type or opaque data: never changed, never held back.
    Protocol,
    /// An id or a type that may have a value in it: evaluated, never held back.
    Word,
    /// The name of a function: never changed, never held back; what is found in it ends the
    /// stream.
    Name,
    /// A fragment of a text that continues in the next chunks.
    Fragment,
    /// A complete text.
    Complete,
}

/// A text, with its path.
#[derive(Debug, Clone)]
pub(super) struct TextField {
    pub(super) path: Vec<Segment>,
    pub(super) text: String,
}

/// Returns the texts of a value, in order, without empty ones.
pub(super) fn text_fields(value: &Value) -> Vec<TextField> {
    let mut fields = Vec::new();
    collect(value, &mut Vec::new(), &mut fields);
    fields
}

fn collect(value: &Value, path: &mut Vec<Segment>, fields: &mut Vec<TextField>) {
    match value {
        Value::String(text) if !text.is_empty() => fields.push(TextField {
            path: path.clone(),
            text: text.clone(),
        }),
        Value::Array(items) => {
            for (position, item) in items.iter().enumerate() {
                let index = item.get("index").and_then(Value::as_u64);
                path.push(Segment::Item {
                    position,
                    index: index.unwrap_or(position as u64),
                });
                collect(item, path, fields);
                path.pop();
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                path.push(Segment::Key(key.clone()));
                collect(member, path, fields);
                path.pop();
            }
        }
        _ => {}
    }
}

impl TextField {
    /// Returns the index of the choice that the text belongs to.
    pub(super) fn choice(&self) -> Option<u64> {
        match self.path.as_slice() {
            [Segment::Key(key), Segment::Item { index, .. }, ..] if key == "choices" => {
                Some(*index)
            }
            _ => None,
        }
    }

    /// Returns the name of the text, the same in every chunk.
    pub(super) fn channel(&self) -> String {
        let segments: Vec<String> = self
            .path
            .iter()
            .map(|segment| match segment {
                Segment::Key(key) => key.clone(),
                Segment::Item { index, .. } => index.to_string(),
            })
            .collect();
        segments.join("/")
    }

    /// Replaces the text in the value that contains it.
    pub(super) fn replace(&self, value: &mut Value, text: String) {
        let mut target = value;
        for segment in &self.path {
            let next = match segment {
                Segment::Key(key) => target.get_mut(key),
                Segment::Item { position, .. } => target.get_mut(position),
            };
            let Some(next) = next else { return };
            target = next;
        }
        *target = Value::String(text);
    }

    /// Returns the keys of the path, with `[]` for items.
    fn names(&self) -> Vec<&str> {
        self.path
            .iter()
            .map(|segment| match segment {
                Segment::Key(key) => key.as_str(),
                Segment::Item { .. } => "[]",
            })
            .collect()
    }

    /// Returns as what the text gets values of the request back; `None` if it does not.
    pub(super) fn restored(&self, expects_json: bool) -> Option<RestoredText> {
        let keys = self.path.iter().filter_map(|segment| match segment {
            Segment::Key(key) => Some(key.as_str()),
            Segment::Item { .. } => None,
        });
        restored_field(&keys.collect::<Vec<&str>>(), expects_json)
    }

    /// Returns whether the text starts a tool call.
    pub(super) fn is_tool_call_id(&self) -> bool {
        matches!(
            self.names().as_slice(),
            ["choices", "[]", "delta", "tool_calls", "[]", "id"]
        )
    }

    /// Returns whether the text is the name of a tool, or a fragment of it.
    pub(super) fn is_tool_name(&self) -> bool {
        match self.names().as_slice() {
            ["choices", "[]", "delta", rest @ ..] => {
                matches!(message_form(rest), Some(Form::Name))
            }
            _ => false,
        }
    }

    /// Returns whether the text is a fragment of the arguments of a tool call.
    pub(super) fn is_arguments(&self) -> bool {
        matches!(
            self.names().as_slice(),
            [
                "choices",
                "[]",
                "delta",
                "tool_calls",
                "[]",
                "function",
                "arguments"
            ] | ["choices", "[]", "delta", "function_call", "arguments"]
        )
    }

    /// Returns how the text is treated. An unknown text is never protocol, and a field
    /// of the protocol only if it has the form of one; otherwise it is a complete text.
    pub(super) fn kind(&self) -> FieldKind {
        let text = self.text.as_str();
        let form = |form: Form| match form {
            _ if !form.matches(text) => FieldKind::Complete,
            Form::Name => FieldKind::Name,
            Form::Id if !is_word_of_protocol(text) => FieldKind::Word,
            Form::Id | Form::Model | Form::Base64 => FieldKind::Protocol,
        };
        match self.names().as_slice() {
            ["choices", "[]", "delta", rest @ ..] => match message_form(rest) {
                Some(field) => form(field),
                None if rest.first() == Some(&"annotations") => FieldKind::Complete,
                None => FieldKind::Fragment,
            },
            ["choices", "[]", "message", rest @ ..] => {
                message_form(rest).map_or(FieldKind::Complete, form)
            }
            // What other interfaces call the next piece of a text.
            ["choices", "[]", "text"]
            | ["delta"]
            | ["delta", "text" | "partial_json" | "thinking"]
            | ["message", "content"]
            | ["text" | "response"]
            | ["candidates", "[]", "content", "parts", "[]", "text"] => FieldKind::Fragment,
            [
                "choices",
                "[]",
                "finish_reason" | "native_finish_reason" | "stop_reason" | "matched_stop",
            ]
            | ["id" | "object" | "system_fingerprint" | "service_tier" | "provider"]
            | ["usage", ..]
            | ["x_groq", "id"]
            | ["choices", "[]", "content_filter_results", ..]
            | ["prompt_filter_results", ..] => form(Form::Id),
            ["model"] => form(Form::Model),
            ["obfuscation"] => form(Form::Base64),
            _ => FieldKind::Complete,
        }
    }
}

/// The form of a field of the protocol.
#[derive(Clone, Copy)]
enum Form {
    /// An id, a type or a role.
    Id,
    /// The name of a function.
    Name,
    Model,
    Base64,
}

impl Form {
    fn matches(self, text: &str) -> bool {
        match self {
            Self::Id | Self::Name => is_id(text),
            Self::Model => is_name(text, "/@+"),
            Self::Base64 => is_base64(text),
        }
    }
}

/// Returns the form of a field of a message or a delta; `None` for text.
fn message_form(path: &[&str]) -> Option<Form> {
    match path {
        // `channel` is Groq's: `analysis` or `final`.
        ["role" | "channel"]
        | ["tool_calls", "[]", "id" | "type"]
        | ["audio", "id"]
        | [
            "reasoning_details" | "thinking_blocks",
            "[]",
            "id" | "type" | "format",
        ]
        | ["content", "[]", "type"]
        | ["annotations", "[]", "type"] => Some(Form::Id),
        ["tool_calls", "[]", "function" | "custom", "name"] | ["function_call", "name"] => {
            Some(Form::Name)
        }
        ["audio", "data"]
        | [
            "reasoning_details" | "thinking_blocks",
            "[]",
            "signature" | "data",
        ]
        | ["content", "[]", "signature"]
        | [.., "extra_content", "google", "thought_signature"] => Some(Form::Base64),
        _ => None,
    }
}

/// Whether a text has the form of an id of the protocol.
pub(super) fn is_id(text: &str) -> bool {
    is_name(text, "")
}

fn is_name(text: &str, more: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c) || more.contains(c);
    text.len() <= MAX_NAME_LENGTH && text.chars().all(allowed)
}

/// Whether a text has the form of opaque data.
pub(super) fn is_base64(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"+/=_-".contains(&b))
}

/// Returns a response without its `logprobs`, which repeat the text ahead of what is
/// held back; `None` if it has none.
pub(super) fn without_logprobs(response: &Value) -> Option<Value> {
    let has_logprobs = |choice: &Value| choice.get("logprobs").is_some_and(|l| !l.is_null());
    let choices = response.get("choices")?.as_array()?;
    if !choices.iter().any(has_logprobs) {
        return None;
    }
    let mut response = response.clone();
    for choice in response.get_mut("choices")?.as_array_mut()? {
        if let Some(logprobs) = choice.get_mut("logprobs") {
            *logprobs = Value::Null;
        }
    }
    Some(response)
}

/// Returns a value that holds only `text`, at `path`, in the form of a chunk.
pub(super) fn nest(path: &[Segment], text: String) -> Value {
    match path {
        [] => Value::String(text),
        [
            Segment::Key(list),
            Segment::Item { index, .. },
            Segment::Key(member),
        ] if item_type(list, member).is_some() => {
            let kind = item_type(list, member);
            json!({ list: [{ "index": index, "type": kind, member: text }] })
        }
        [Segment::Key(key), rest @ ..] => json!({ key: nest(rest, text) }),
        [Segment::Item { index, .. }, rest @ ..] => {
            let mut item = json!({ "index": index });
            if let (Some(item), Value::Object(members)) = (item.as_object_mut(), nest(rest, text)) {
                item.extend(members);
            }
            Value::Array(vec![item])
        }
    }
}

/// Returns the `type` of an item by the member that holds its text. Clients discard
/// items without a type.
fn item_type(list: &str, member: &str) -> Option<&'static str> {
    match (list, member) {
        ("reasoning_details", "text") => Some("reasoning.text"),
        ("reasoning_details", "summary") => Some("reasoning.summary"),
        ("thinking_blocks", "thinking") => Some("thinking"),
        ("content", "text") => Some("text"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{FieldKind, nest, text_fields};
    use serde_json::json;

    #[test]
    fn protocol_fields_are_recognized_by_path_and_form() {
        let chunk = json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "vendor/m@1",
            "citations": ["https://example.com"],
            "choices": [{ "index": 0, "finish_reason": "stop", "delta": {
                "role": "assistant",
                "content": "text",
                "tool_calls": [{ "index": 2, "id": "call_1", "type": "function",
                    "function": { "name": "f", "arguments": "{" },
                    "extra_content": { "google": { "thought_signature": "QUJD" } } }],
                "reasoning_details": [{ "type": "reasoning.text", "text": "t", "signature": "AA==" }],
                "audio": { "id": "a b", "data": "QQ==" },
            } }],
        });
        let fields = text_fields(&chunk);
        let of = |kind: FieldKind| -> Vec<String> {
            let fields = fields.iter().filter(|f| f.kind() == kind);
            fields.map(super::TextField::channel).collect()
        };
        assert_eq!(
            of(FieldKind::Fragment),
            [
                "choices/0/delta/content",
                "choices/0/delta/tool_calls/2/function/arguments",
                "choices/0/delta/reasoning_details/0/text",
            ]
        );
        assert_eq!(
            of(FieldKind::Complete),
            ["citations/0", "choices/0/delta/audio/id"]
        );
        assert_eq!(
            of(FieldKind::Name),
            ["choices/0/delta/tool_calls/2/function/name"]
        );
        let arguments = fields.iter().find(|f| f.text == "{").unwrap();
        assert_eq!(
            nest(&arguments.path, "x".to_owned()),
            json!({ "choices": [{ "index": 0, "delta": { "tool_calls": [{ "index": 2, "function": { "arguments": "x" } }] } }] })
        );
        let reasoning = fields.iter().find(|f| f.text == "t").unwrap();
        assert_eq!(
            nest(&reasoning.path, "x".to_owned()),
            json!({ "choices": [{ "index": 0, "delta": { "reasoning_details": [{ "index": 0, "type": "reasoning.text", "text": "x" }] } }] })
        );
    }
}
