//! Events that the gateway writes.

use super::super::json_text;
use super::super::text_field::{Segment, nest};
use super::shape::DATA;
use serde_json::{Map, Value, json};

/// Returns a chunk with a text, in the form of the last one.
pub(super) fn generated_chunk(
    template: &Map<String, Value>,
    path: &[Segment],
    text: String,
) -> String {
    let mut chunk = template.clone();
    if let Value::Object(mut members) = nest(path, text) {
        if let Some(choice) = members
            .get_mut("choices")
            .and_then(|choices| choices.get_mut(0))
            .and_then(Value::as_object_mut)
        {
            choice.insert("finish_reason".to_owned(), Value::Null);
        }
        chunk.extend(members);
    }
    json!(chunk).to_string()
}

/// Returns an event that was written again with the halves of characters in it.
pub(super) fn written(event: String, has_halves: bool) -> String {
    if has_halves {
        json_text::with_halves(&event)
    } else {
        event
    }
}

/// Appends an event with this data.
pub(super) fn write_event(out: &mut Vec<u8>, data: &str) {
    for line in data.split('\n') {
        out.extend_from_slice(DATA.as_bytes());
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
    }
    out.push(b'\n');
}
