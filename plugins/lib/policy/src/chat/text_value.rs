//! The strings in a JSON value, with their paths.

use serde_json::Value;

/// Keys whose values are keywords of the protocol if they look like one.
const KEYWORD_KEYS: [&str; 5] = ["role", "type", "finish_reason", "object", "detail"];
/// Keys whose values are ids if they look like one.
const ID_KEYS: [&str; 2] = ["id", "tool_call_id"];
/// The longest keyword or id of the protocol, in bytes.
const MAX_KEYWORD_BYTES: usize = 64;

/// One segment of the path to a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PathSegment {
    /// A key of an object.
    Key(String),
    /// A position in an array, and the `index` member of the item there: parts of
    /// one tool call arrive in several chunks with the same index.
    Item {
        /// The position in the array.
        position: usize,
        /// The `index` member; the position if there is none.
        index: u64,
    },
}

/// A text with its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextValue {
    /// The path.
    pub path: Vec<PathSegment>,
    /// The text.
    pub text: String,
}

impl TextValue {
    /// Identifies the text across chunks.
    #[must_use]
    pub fn channel(&self) -> String {
        let segments: Vec<String> = self
            .path
            .iter()
            .map(|step| match step {
                PathSegment::Key(key) => key.clone(),
                PathSegment::Item { index, .. } => index.to_string(),
            })
            .collect();
        segments.join("/")
    }
}

/// Returns the texts of a value, in order.
#[must_use]
pub fn text_values(value: &Value) -> Vec<TextValue> {
    let mut texts = Vec::new();
    collect_texts(value, &mut Vec::new(), &mut texts);
    texts
}

fn collect_texts(value: &Value, path: &mut Vec<PathSegment>, texts: &mut Vec<TextValue>) {
    match value {
        Value::String(text) => texts.push(TextValue {
            path: path.clone(),
            text: text.clone(),
        }),
        Value::Array(items) => {
            for (position, item) in items.iter().enumerate() {
                let index = item.get("index").and_then(Value::as_u64);
                path.push(PathSegment::Item {
                    position,
                    index: index.unwrap_or(position as u64),
                });
                collect_texts(item, path, texts);
                path.pop();
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                if item.as_str().is_some_and(|text| is_protocol(key, text)) {
                    continue;
                }
                path.push(PathSegment::Key(key.clone()));
                collect_texts(item, path, texts);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Whether a value is a keyword, an id or media rather than text. Any other
/// value under such a key is inspected as text.
fn is_protocol(key: &str, text: &str) -> bool {
    let short = text.len() <= MAX_KEYWORD_BYTES;
    if KEYWORD_KEYS.contains(&key) {
        return short && text.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    }
    if ID_KEYS.contains(&key) {
        return short && is_id(text);
    }
    // Images and audio are megabytes of base64 without text.
    let media = text.starts_with("data:image/") || text.starts_with("data:audio/");
    key == "url" && media && text.contains(";base64,")
}

/// Whether a value is like `call_9f2c1a`, and not a card number or another personal number.
fn is_id(text: &str) -> bool {
    let longest_run = text
        .split(|c: char| !c.is_ascii_digit())
        .map(str::len)
        .max()
        .unwrap_or(0);
    let (prefix, rest) = text.split_once(['_', '-']).unwrap_or(("", text));
    prefix.len() > 1
        && prefix.chars().all(|c| c.is_ascii_lowercase())
        && rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && longest_run < 7
}

/// Returns every object key that could contain text: the caller chooses keys too.
pub(crate) fn object_keys(value: &Value) -> Vec<String> {
    let mut keys = Vec::new();
    collect_keys(value, &mut keys);
    keys
}

fn collect_keys(value: &Value, keys: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_keys(item, keys)),
        Value::Object(map) => {
            for (key, item) in map {
                let plain = key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
                if !plain && !keys.contains(key) {
                    keys.push(key.clone());
                }
                collect_keys(item, keys);
            }
        }
        _ => {}
    }
}

/// Renames object keys at every level.
pub(crate) fn rename_keys(value: &mut Value, names: &[(String, String)]) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| rename_keys(item, names)),
        Value::Object(map) => {
            let old = std::mem::take(map);
            for (key, mut item) in old {
                rename_keys(&mut item, names);
                let new = names.iter().find(|(from, _)| *from == key);
                map.insert(new.map_or(key, |(_, to)| to.clone()), item);
            }
        }
        _ => {}
    }
}

/// Replaces the value at `path`, if there is one.
pub fn replace_text(value: &mut Value, path: &[PathSegment], text: String) {
    let mut current = value;
    for step in path {
        let next = match step {
            PathSegment::Key(key) => current.get_mut(key),
            PathSegment::Item { position, .. } => current.get_mut(position),
        };
        let Some(next) = next else { return };
        current = next;
    }
    *current = Value::String(text);
}

/// Whether a text of a response was generated by the model, in contrast to metadata such as
/// the name of the model.
#[must_use]
pub fn is_generated_text(value: &TextValue) -> bool {
    matches!(
        value.path.as_slice(),
        [PathSegment::Key(choices), PathSegment::Item { .. }, PathSegment::Key(member), ..]
            if choices == "choices" && matches!(member.as_str(), "delta" | "message" | "text")
    )
}

/// Removes `logprobs` from a response: the tokens repeat its text, including text that is
/// still held back. Returns whether there were any.
pub fn strip_logprobs(value: &mut Value) -> bool {
    let choices = value.get_mut("choices").and_then(Value::as_array_mut);
    choices
        .into_iter()
        .flatten()
        .fold(false, |removed, choice| {
            let logprobs = choice.as_object_mut().and_then(|c| c.get_mut("logprobs"));
            match logprobs.filter(|l| !l.is_null()) {
                Some(logprobs) => {
                    *logprobs = Value::Null;
                    true
                }
                None => removed,
            }
        })
}

/// Builds a value that contains only `text`, at `path`.
#[must_use]
pub fn build_nested(path: &[PathSegment], text: String) -> Value {
    match path.split_first() {
        None => Value::String(text),
        Some((PathSegment::Key(key), rest)) => serde_json::json!({ key: build_nested(rest, text) }),
        Some((PathSegment::Item { index, .. }, rest)) => {
            let mut item = build_nested(rest, text);
            if let Some(map) = item.as_object_mut() {
                map.insert("index".to_owned(), (*index).into());
            }
            Value::Array(vec![item])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{build_nested, object_keys, rename_keys, replace_text, text_values};
    use serde_json::json;

    #[test]
    fn only_protocol_values_are_skipped() {
        let value = json!({
            "messages": [{ "role": "user", "id": "123-45-6789", "tool_call_id": "call_9f2c1a" }],
            "tools": [{ "type": "function", "properties": { "id": { "description": "a" }, "type": "b c" } }],
            "url": "data:text/plain,hidden",
            "call": { "id": "card_4111111111111111" },
        });
        let texts: Vec<String> = text_values(&value).into_iter().map(|l| l.text).collect();
        assert_eq!(
            texts,
            [
                "123-45-6789",
                "a",
                "b c",
                "data:text/plain,hidden",
                "card_4111111111111111"
            ]
        );
        let mut named = json!({ "a_b": { "bob@example.com": [{ "X": 1 }] } });
        assert_eq!(object_keys(&named), ["bob@example.com", "X"]);
        rename_keys(
            &mut named,
            &[("bob@example.com".to_owned(), "[EMAIL]".to_owned())],
        );
        assert_eq!(named, json!({ "a_b": { "[EMAIL]": [{ "X": 1 }] } }));
    }

    #[test]
    fn texts_are_found_replaced_and_rebuilt() {
        let mut value = json!({
            "role": "assistant",
            "content": [{ "type": "text", "text": "a" }, { "type": "image_url", "image_url": { "url": "data:image/png;base64,AA" } }],
            "tool_calls": [{ "index": 3, "id": "call_x", "function": { "name": "f", "arguments": "{}" } }],
        });
        let found = text_values(&value);
        let texts: Vec<&str> = found.iter().map(|l| l.text.as_str()).collect();
        assert_eq!(texts, ["a", "f", "{}"]);
        let last = found.last().unwrap();
        assert_eq!(last.channel(), "tool_calls/3/function/arguments");
        replace_text(&mut value, &last.path, "x".to_owned());
        assert_eq!(value["tool_calls"][0]["function"]["arguments"], "x");
        let rebuilt = build_nested(&last.path, "y".to_owned());
        assert_eq!(
            rebuilt,
            json!({ "tool_calls": [{ "function": { "arguments": "y" }, "index": 3 }] })
        );
    }
}
