//! Every text inside a JSON value, with the way to it.

use serde_json::Value;

/// Keys whose texts are words of the protocol, not of people.
const PROTOCOL: [&str; 7] = [
    "role",
    "type",
    "id",
    "tool_call_id",
    "finish_reason",
    "object",
    "detail",
];

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// A key of an object.
    Key(String),
    /// A place in an array, and the `index` that the item there carries: parts
    /// of one tool call arrive in several chunks under one index.
    Item { place: usize, index: u64 },
}

/// A text and the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leaf {
    pub(crate) steps: Vec<Step>,
    pub(crate) text: String,
}

impl Leaf {
    /// Names the text across chunks.
    pub(crate) fn channel(&self) -> String {
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
pub(crate) fn leaves(value: &Value) -> Vec<Leaf> {
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
                if PROTOCOL.contains(&key.as_str()) || is_data_url(key, item) {
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

/// Images travel as megabytes of base64 that hold no text.
fn is_data_url(key: &str, value: &Value) -> bool {
    key == "url" && value.as_str().is_some_and(|url| url.starts_with("data:"))
}

/// Replaces the text at `steps`, if there still is one.
pub(crate) fn replace(value: &mut Value, steps: &[Step], text: String) {
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
pub(crate) fn is_said(leaf: &Leaf) -> bool {
    matches!(
        leaf.steps.as_slice(),
        [Step::Key(choices), Step::Item { .. }, Step::Key(said), ..]
            if choices == "choices" && matches!(said.as_str(), "delta" | "message" | "text")
    )
}

/// A value that holds nothing but `text` at `steps`.
pub(crate) fn nest(steps: &[Step], text: String) -> Value {
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
    use super::{leaves, nest, replace};
    use serde_json::json;

    #[test]
    fn texts_are_found_replaced_and_rebuilt() {
        let mut value = json!({
            "role": "assistant",
            "content": [{ "type": "text", "text": "a" }, { "type": "image_url", "image_url": { "url": "data:x" } }],
            "tool_calls": [{ "index": 3, "id": "i", "function": { "name": "f", "arguments": "{}" } }],
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
