//! Editing JSON text in place: everything but the changed values stays as it is,
//! numbers beyond 64 bits and the order of keys included.

use kt_policy::json::items;
use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt::Formatter;
use std::ops::Range;

/// A replacement of a part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    range: Range<usize>,
    text: String,
}

/// Returns the document with the values of `after` where they differ from `before`,
/// which is the parsed document. Takes time linear in the size of the document, times
/// its depth.
pub(super) fn update(document: &str, before: &Value, after: &Value) -> String {
    let mut edits = Vec::new();
    diff(document, document.trim(), before, after, &mut edits);
    apply(document, edits)
}

fn diff(document: &str, raw: &str, before: &Value, after: &Value, edits: &mut Vec<Edit>) {
    if before == after {
        return;
    }
    let inner = match (before, after) {
        (Value::Object(old), Value::Object(new)) => members(raw)
            .filter(|members| members.len() == old.len() && old.keys().eq(new.keys()))
            .map(|members| {
                let values = old.values().zip(new.values());
                let raws = members.into_iter().map(|(_, raw)| raw);
                raws.zip(values).collect::<Vec<_>>()
            }),
        (Value::Array(old), Value::Array(new)) => items(raw)
            .filter(|items| items.len() == old.len() && old.len() == new.len())
            .map(|items| items.into_iter().zip(old.iter().zip(new)).collect()),
        _ => None,
    };
    match inner {
        Some(inner) => {
            for (raw, (old, new)) in inner {
                diff(document, raw, old, new, edits);
            }
        }
        // Other values, and objects whose keys have changed, are written anew.
        None => edits.push(replace(document, raw, after.to_string())),
    }
}

/// Returns an edit that sets a member of the top-level object; `None` if the document
/// is not an object.
pub(super) fn set_member(document: &str, key: &str, json: String) -> Option<Edit> {
    let members = members(document)?;
    // Of a repeated key, parsers use the last.
    if let Some((_, raw)) = members.iter().rev().find(|(name, _)| name == key) {
        return Some(replace(document, raw, json));
    }
    let start = document.find('{')? + 1;
    let comma = if members.is_empty() { "" } else { "," };
    Some(Edit {
        range: start..start,
        text: format!("\"{key}\":{json}{comma}"),
    })
}

/// Returns an edit that replaces `part`, which is a part of the document.
fn replace(document: &str, part: &str, json: String) -> Edit {
    let start = part.as_ptr() as usize - document.as_ptr() as usize;
    Edit {
        range: start..start + part.len(),
        text: json,
    }
}

/// Applies edits that do not overlap.
pub(super) fn apply(document: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| edit.range.start);
    let mut result = String::with_capacity(document.len());
    let mut position = 0;
    for edit in edits {
        result.push_str(document.get(position..edit.range.start).unwrap_or_default());
        result.push_str(&edit.text);
        position = edit.range.end;
    }
    result.push_str(document.get(position..).unwrap_or_default());
    result
}

fn members(raw: &str) -> Option<Vec<(String, &str)>> {
    let mut parser = serde_json::Deserializer::from_str(raw);
    parser.deserialize_map(Members).ok()
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de str)>;

    fn expecting(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
            members.push((key, value.get()));
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::{apply, set_member, update};
    use serde_json::{Value, json};

    #[test]
    fn only_changed_values_are_written_anew() {
        let document = r#" { "n": 123456789012345678901234567890, "a":[ {"t" : "x\u0041"}, 1.0e5 ] , "k":{"old":1} }"#;
        let before: Value = serde_json::from_str(document).unwrap();
        assert_eq!(update(document, &before, &before), document);
        let mut after = before.clone();
        after["a"][0]["t"] = json!("y\n");
        after["k"] = json!({ "new": 1 });
        assert_eq!(
            update(document, &before, &after),
            r#" { "n": 123456789012345678901234567890, "a":[ {"t" : "y\n"}, 1.0e5 ] , "k":{"new":1} }"#
        );
    }

    #[test]
    fn members_are_replaced_or_added() {
        let set = |document: &str| {
            let edit = set_member(document, "model", "\"m\"".to_owned()).unwrap();
            apply(document, vec![edit])
        };
        assert_eq!(
            set(r#"{ "model" : "other", "a":1}"#),
            r#"{ "model" : "m", "a":1}"#
        );
        assert_eq!(set(r#"{"a":1.50}"#), r#"{"model":"m","a":1.50}"#);
        assert_eq!(set(" { }"), r#" {"model":"m" }"#);
        assert_eq!(set_member("[]", "model", String::new()), None);
    }

    /// Editing must not become quadratic in the number of changes.
    #[test]
    fn many_changes_take_linear_time() {
        let before = Value::Array(vec![json!({ "text": "bob@example.com" }); 100_000]);
        let after = Value::Array(vec![json!({ "text": "[EMAIL]" }); 100_000]);
        let started = std::time::Instant::now();
        let updated = update(&before.to_string(), &before, &after);
        assert_eq!(updated, after.to_string());
        assert!(started.elapsed().as_secs() < 20);
    }
}
