//! Editing JSON text in place: everything but the changed values stays as it is,
//! numbers beyond 64 bits and the order of keys included.

use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt::Formatter;
use std::ops::Range;

/// One step of a path into a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PathSegment<'p> {
    /// The member of an object.
    Key(&'p str),
    /// The item of an array.
    Index(usize),
}

/// A replacement of a part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    range: Range<usize>,
    text: String,
}

/// Returns an edit that replaces the value at `path`; `None` if there is none.
pub(super) fn replace(document: &str, path: &[PathSegment<'_>], json: String) -> Option<Edit> {
    let mut value = document;
    for segment in path {
        value = child(value, segment)?;
    }
    let start = offset(document, value);
    Some(Edit {
        range: start..start + value.len(),
        text: json,
    })
}

/// Returns an edit that sets a member of the top-level object; `None` if the document
/// is not an object.
pub(super) fn set_member(document: &str, key: &str, json: String) -> Option<Edit> {
    if let Some(edit) = replace(document, &[PathSegment::Key(key)], json.clone()) {
        return Some(edit);
    }
    let open = document.find('{')?;
    let is_empty = document.get(open + 1..)?.trim_start().starts_with('}');
    let comma = if is_empty { "" } else { "," };
    Some(Edit {
        range: open + 1..open + 1,
        text: format!("\"{key}\":{json}{comma}"),
    })
}

/// Returns edits that remove the `logprobs` of a response: they repeat its text, ahead
/// of what is held back.
pub(super) fn remove_logprobs(document: &str, response: &Value) -> Vec<Edit> {
    let choices = response.get("choices").and_then(Value::as_array);
    let choices = choices.into_iter().flatten().enumerate();
    choices
        .filter(|(_, choice)| choice.get("logprobs").is_some_and(|l| !l.is_null()))
        .filter_map(|(position, _)| {
            let path = [
                PathSegment::Key("choices"),
                PathSegment::Index(position),
                PathSegment::Key("logprobs"),
            ];
            replace(document, &path, "null".to_owned())
        })
        .collect()
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

/// Returns the text of a member or an item; of a repeated key the last, as a parser of
/// the document does.
fn child<'d>(value: &'d str, segment: &PathSegment<'_>) -> Option<&'d str> {
    let mut parser = serde_json::Deserializer::from_str(value);
    match segment {
        PathSegment::Key(key) => parser.deserialize_map(Member(key)).ok()?,
        PathSegment::Index(index) => parser.deserialize_seq(Item(*index)).ok()?,
    }
}

/// Both are parts of the same text.
fn offset(document: &str, part: &str) -> usize {
    part.as_ptr() as usize - document.as_ptr() as usize
}

struct Member<'k>(&'k str);

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<&'de str>;

    fn expecting(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut value = None;
        while let Some(key) = map.next_key::<String>()? {
            if key == self.0 {
                value = Some(map.next_value::<&'de RawValue>()?.get());
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(value)
    }
}

struct Item(usize);

impl<'de> Visitor<'de> for Item {
    type Value = Option<&'de str>;

    fn expecting(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut value = None;
        let mut index = 0;
        while let Some(item) = items.next_element::<&'de RawValue>()? {
            if index == self.0 {
                value = Some(item.get());
            }
            index += 1;
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::{PathSegment, apply, replace, set_member};

    #[test]
    fn only_edited_values_change() {
        let document = r#" { "n": 123456789012345678901234567890, "a":[ {"t" : "x\u0041"}, 1.0e5 ] , "model":"m"}"#;
        let path = [
            PathSegment::Key("a"),
            PathSegment::Index(0),
            PathSegment::Key("t"),
        ];
        let edits = vec![
            replace(
                document,
                &[PathSegment::Key("model")],
                "\"long name\"".to_owned(),
            )
            .unwrap(),
            replace(document, &path, "\"y\"".to_owned()).unwrap(),
            set_member(document, "new", "true".to_owned()).unwrap(),
        ];
        assert_eq!(
            apply(document, edits),
            r#" {"new":true, "n": 123456789012345678901234567890, "a":[ {"t" : "y"}, 1.0e5 ] , "model":"long name"}"#
        );
        let missing = [PathSegment::Key("a"), PathSegment::Index(7)];
        assert_eq!(replace(document, &missing, String::new()), None);
        let empty = set_member("{ }", "a", "1".to_owned()).unwrap();
        assert_eq!(apply("{ }", vec![empty]), "{\"a\":1 }");
    }
}
