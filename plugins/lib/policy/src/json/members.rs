//! Single members of a document, without the rest of it.

use std::borrow::Cow;
use std::ops::Range;

use super::decode::decode;
use super::grammar::{self, JsonError, Sink};

/// A member of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member<'d> {
    /// Its text.
    pub text: &'d str,
    /// Whether it is an array without items that are no objects.
    pub is_array_of_objects: bool,
}

/// Returns the members of the top-level object that have these names, in the order of the names;
/// of a repeated member the last, as most parsers do. A document that is not an object has none.
///
/// # Errors
/// When the document is not JSON, or nested too deep.
pub fn find_members<'d, const N: usize>(
    document: &'d str,
    names: [&str; N],
) -> Result<[Option<Member<'d>>; N], JsonError> {
    let mut found = [None; N];
    let mut values = TopLevelValues::new(document, |key, member| {
        let Some(key) = key else { return };
        // A key with an escape is rare.
        let key = match document.get(key) {
            Some(key) if !key.contains('\\') => Cow::Borrowed(key),
            key => decode(key.unwrap_or_default()).0,
        };
        if let Some(index) = names.iter().position(|name| *name == key) {
            found[index] = Some(member);
        }
    });
    grammar::read(document, &mut values)?;
    Ok(found)
}

/// As [`find_members`], only the texts.
///
/// # Errors
/// When the document is not JSON, or nested too deep.
pub fn members<'d, const N: usize>(
    document: &'d str,
    names: [&str; N],
) -> Result<[Option<&'d str>; N], JsonError> {
    find_members(document, names).map(|found| found.map(|member| Some(member?.text)))
}

/// Returns the texts of the items of an array; `None` if the document is not an array.
#[must_use]
pub fn items(document: &str) -> Option<Vec<&str>> {
    let mut found = Vec::new();
    let mut values = TopLevelValues::new(document, |_, item| found.push(item.text));
    let is_array = document.trim_ascii_start().starts_with('[');
    let is_read = is_array && grammar::read(document, &mut values).is_ok();
    is_read.then_some(found)
}

/// Passes on the values of the top-level object or array, each with its key if it has one.
struct TopLevelValues<'d, F> {
    document: &'d str,
    depth: usize,
    key: Option<Range<usize>>,
    /// Whether every item of the current value so far is an object.
    has_only_objects: bool,
    each: F,
}

impl<'d, F: FnMut(Option<Range<usize>>, Member<'d>)> TopLevelValues<'d, F> {
    fn new(document: &'d str, each: F) -> Self {
        Self {
            document,
            depth: 0,
            key: None,
            has_only_objects: true,
            each,
        }
    }

    fn begins_with(&self, value: &Range<usize>, byte: u8) -> bool {
        self.document.as_bytes().get(value.start) == Some(&byte)
    }
}

impl<'d, F: FnMut(Option<Range<usize>>, Member<'d>)> Sink for TopLevelValues<'d, F> {
    fn key(&mut self, key: Range<usize>) -> Result<(), JsonError> {
        if self.depth == 0 {
            self.key = Some(key);
        }
        self.depth += 1;
        Ok(())
    }

    fn item(&mut self, _: usize) {
        self.depth += 1;
    }

    fn end_value(&mut self, value: Range<usize>) {
        self.depth -= 1;
        if self.depth == 1 {
            self.has_only_objects &= self.begins_with(&value, b'{');
        } else if self.depth == 0 {
            let has_only_objects = std::mem::replace(&mut self.has_only_objects, true);
            let member = Member {
                is_array_of_objects: has_only_objects && self.begins_with(&value, b'['),
                text: self.document.get(value).unwrap_or_default(),
            };
            (self.each)(self.key.take(), member);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{find_members, items, members};

    #[test]
    fn the_last_of_a_repeated_member_counts() {
        let document = r#" {"a": [1, {"b": 2}], "b": "x", "a": null , "\u0062": "\ud800"} "#;
        assert_eq!(
            members(document, ["a", "b", "c"]).unwrap(),
            [Some("null"), Some("\"\\ud800\""), None]
        );
    }

    #[test]
    fn arrays_of_objects_are_recognized() {
        for (value, expected) in [
            ("[]", true),
            (" [ {} , {\"a\":[1]}]", true),
            ("[{},1]", false),
            ("[[{}]]", false),
            ("{\"a\":{}}", false),
            ("\"[{}]\"", false),
        ] {
            let document = format!("{{\"b\":[1],\"a\":{value},\"c\":2}}");
            let [member] = find_members(&document, ["a"]).unwrap();
            let member = member.unwrap();
            assert_eq!(member.is_array_of_objects, expected, "{value}");
            assert_eq!(member.text, value.trim_start());
        }
    }

    /// Long texts are read in another way than short ones.
    #[test]
    fn texts_of_any_length_end_at_their_quote() {
        for length in 0..80 {
            let text = "x".repeat(length);
            let document = format!(r#"{{"a":"{text}","b":"{text}\n{text}"}}"#);
            let [a] = members(&document, ["a"]).unwrap();
            assert_eq!(a, Some(format!("\"{text}\"").as_str()));
            for control in ["\n", "\u{1f}"] {
                let document = format!(r#"["{text}{control}{text}"]"#);
                let error = members(&document, ["a"]).unwrap_err().to_string();
                assert!(error.ends_with(&format!("byte {}", 2 + length)), "{error}");
            }
        }
    }

    #[test]
    fn other_documents_have_no_members() {
        for document in ["[{\"a\":1}]", "\"a\"", " 1e999", "true", "null"] {
            assert_eq!(members(document, ["a"]).unwrap(), [None], "{document}");
        }
    }

    #[test]
    fn documents_that_are_not_json_are_refused() {
        for document in [
            "",
            "{",
            "{\"a\":1}}",
            "{\"a\":1,}",
            "{\"b\":[1}",
            "[1,",
            "nul",
        ] {
            members(document, ["a"]).unwrap_err();
        }
    }

    #[test]
    fn items_are_those_of_an_array() {
        assert_eq!(
            items(" [1, {\"a\" : [2]} ,[]] "),
            Some(vec!["1", "{\"a\" : [2]}", "[]"])
        );
        assert_eq!(items("{\"a\":[1]}"), None);
        assert_eq!(items("[1"), None);
    }
}
