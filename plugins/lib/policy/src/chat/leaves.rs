//! Every text inside a JSON value, with the way to it.

use serde_json::Value;

/// Keys whose values are words of the protocol when they look like one.
const WORDS: [&str; 5] = ["role", "type", "finish_reason", "object", "detail"];
/// Keys whose values are ids when they look like one.
const IDS: [&str; 2] = ["id", "tool_call_id"];
/// No word or id of the protocol is longer.
const LONGEST_WORD: usize = 64;

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// A key of an object.
    Key(String),
    /// A place in an array, and the `index` that the item there carries: parts
    /// of one tool call arrive in several chunks under one index.
    Item {
        /// The place in the array.
        place: usize,
        /// The index that it carries; its place where it carries none.
        index: u64,
    },
}

/// A text and the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The way to it.
    pub steps: Vec<Step>,
    /// The text.
    pub text: String,
}

impl Leaf {
    /// Names the text across chunks.
    #[must_use]
    pub fn channel(&self) -> String {
        let words: Vec<String> = self
            .steps
            .iter()
            .map(|step| match step {
                Step::Key(key) => key.clone(),
                Step::Item { index, .. } => index.to_string(),
            })
            .collect();
        words.join("/")
    }
}

/// The texts of a value, in order.
#[must_use]
pub fn leaves(value: &Value) -> Vec<Leaf> {
    let mut found = Vec::new();
    walk(value, &mut Vec::new(), &mut found);
    found
}

fn walk(value: &Value, steps: &mut Vec<Step>, found: &mut Vec<Leaf>) {
    match value {
        Value::String(text) => found.push(Leaf {
            steps: steps.clone(),
            text: text.clone(),
        }),
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                let own = item.get("index").and_then(Value::as_u64);
                steps.push(Step::Item {
                    place,
                    index: own.unwrap_or(place as u64),
                });
                walk(item, steps, found);
                steps.pop();
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                if item.as_str().is_some_and(|text| is_protocol(key, text)) {
                    continue;
                }
                steps.push(Step::Key(key.clone()));
                walk(item, steps, found);
                steps.pop();
            }
        }
        _ => {}
    }
}

/// Whether a value is a word, an id or a picture rather than text. Whatever
/// only sits under such a key is text like any other.
fn is_protocol(key: &str, text: &str) -> bool {
    let short = text.len() <= LONGEST_WORD;
    if WORDS.contains(&key) {
        return short && text.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    }
    if IDS.contains(&key) {
        return short && is_id(text);
    }
    // Pictures and sound travel as megabytes of base64 that hold no text.
    let media = text.starts_with("data:image/") || text.starts_with("data:audio/");
    key == "url" && media && text.contains(";base64,")
}

/// `call_` and letters with digits between: no number of a card or a person.
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

/// Every key of a value that could hold text: keys are the caller's too.
pub(crate) fn keys(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk_keys(value, &mut found);
    found
}

fn walk_keys(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk_keys(item, found)),
        Value::Object(map) => {
            for (key, item) in map {
                let plain = key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
                if !plain && !found.contains(key) {
                    found.push(key.clone());
                }
                walk_keys(item, found);
            }
        }
        _ => {}
    }
}

/// Renames keys everywhere.
pub(crate) fn rename(value: &mut Value, names: &[(String, String)]) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, names)),
        Value::Object(map) => {
            let old = std::mem::take(map);
            for (key, mut item) in old {
                rename(&mut item, names);
                let new = names.iter().find(|(from, _)| *from == key);
                map.insert(new.map_or(key, |(_, to)| to.clone()), item);
            }
        }
        _ => {}
    }
}

/// Replaces the text at `steps`, if there still is one.
pub fn replace(value: &mut Value, steps: &[Step], text: String) {
    let mut at = value;
    for step in steps {
        let next = match step {
            Step::Key(key) => at.get_mut(key),
            Step::Item { place, .. } => at.get_mut(place),
        };
        let Some(next) = next else { return };
        at = next;
    }
    *at = Value::String(text);
}

/// Whether a text of a response is what the model says, rather than the name of
/// a model or an object.
#[must_use]
pub fn is_said(leaf: &Leaf) -> bool {
    matches!(
        leaf.steps.as_slice(),
        [Step::Key(choices), Step::Item { .. }, Step::Key(said), ..]
            if choices == "choices" && matches!(said.as_str(), "delta" | "message" | "text")
    )
}

/// Takes away the tokens of a response: they repeat its text, and ahead of what
/// is held back. True when there were some.
pub fn strip_logprobs(value: &mut Value) -> bool {
    let choices = value.get_mut("choices").and_then(Value::as_array_mut);
    choices.into_iter().flatten().fold(false, |found, choice| {
        let logprobs = choice.as_object_mut().and_then(|c| c.get_mut("logprobs"));
        match logprobs.filter(|l| !l.is_null()) {
            Some(logprobs) => {
                *logprobs = Value::Null;
                true
            }
            None => found,
        }
    })
}

/// A value that holds nothing but `text` at `steps`.
#[must_use]
pub fn nest(steps: &[Step], text: String) -> Value {
    match steps.split_first() {
        None => Value::String(text),
        Some((Step::Key(key), rest)) => serde_json::json!({ key: nest(rest, text) }),
        Some((Step::Item { index, .. }, rest)) => {
            let mut item = nest(rest, text);
            if let Some(map) = item.as_object_mut() {
                map.insert("index".to_owned(), (*index).into());
            }
            Value::Array(vec![item])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{keys, leaves, nest, rename, replace};
    use serde_json::json;

    #[test]
    fn only_what_looks_like_the_protocol_is_left_out() {
        let value = json!({
            "messages": [{ "role": "user", "id": "123-45-6789", "tool_call_id": "call_9f2c1a" }],
            "tools": [{ "type": "function", "properties": { "id": { "description": "a" }, "type": "b c" } }],
            "url": "data:text/plain,hidden",
            "call": { "id": "card_4111111111111111" },
        });
        let texts: Vec<String> = leaves(&value).into_iter().map(|l| l.text).collect();
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
        assert_eq!(keys(&named), ["bob@example.com", "X"]);
        rename(
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
        let found = leaves(&value);
        let texts: Vec<&str> = found.iter().map(|l| l.text.as_str()).collect();
        assert_eq!(texts, ["a", "f", "{}"]);
        let last = found.last().unwrap();
        assert_eq!(last.channel(), "tool_calls/3/function/arguments");
        replace(&mut value, &last.steps, "x".to_owned());
        assert_eq!(value["tool_calls"][0]["function"]["arguments"], "x");
        let rebuilt = nest(&last.steps, "y".to_owned());
        assert_eq!(
            rebuilt,
            json!({ "tool_calls": [{ "function": { "arguments": "y" }, "index": 3 }] })
        );
    }
}
