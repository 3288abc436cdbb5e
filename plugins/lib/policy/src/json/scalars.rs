//! The scalars of a document, with their place.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::rc::Rc;

use super::decode::{OffsetMap, decode};
use super::grammar::{self, JsonError, Sink};

/// One step of the way to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    Key(Rc<str>),
    Index(usize),
}

/// The way to a value.
pub(crate) type Path = Vec<Segment>;

/// What a scalar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScalarKind {
    String,
    Number,
    /// A key of an object; its path ends with it.
    Key,
}

/// A string, a number or a key.
#[derive(Debug)]
pub(crate) struct Scalar<'d> {
    pub(crate) kind: ScalarKind,
    pub(crate) path: Path,
    /// Its bytes in the document: those between the quotes, or the number.
    pub(crate) range: Range<usize>,
    /// What it says.
    pub(crate) text: Cow<'d, str>,
    /// The way back from `text` to the bytes of `range`.
    pub(crate) map: OffsetMap,
}

/// Reads the scalars of a document, in order.
///
/// # Errors
/// When it is not JSON, nested too deep, or a key occurs twice in an object.
pub(crate) fn scalars(document: &str) -> Result<Vec<Scalar<'_>>, JsonError> {
    let mut collector = Collector {
        document,
        path: Path::new(),
        keys: Vec::new(),
        scalars: Vec::new(),
    };
    grammar::read(document, &mut collector)?;
    Ok(collector.scalars)
}

/// Whether a text is a number.
#[must_use]
pub fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && scalars(text).is_ok()
}

struct Collector<'d> {
    document: &'d str,
    path: Path,
    /// The keys of each object that has not ended.
    keys: Vec<Keys>,
    scalars: Vec<Scalar<'d>>,
}

impl Collector<'_> {
    fn push(&mut self, kind: ScalarKind, range: Range<usize>) {
        let (text, map) = decode(&self.document[range.clone()]);
        self.scalars.push(Scalar {
            kind,
            path: self.path.clone(),
            range,
            text,
            map,
        });
    }
}

impl Sink for Collector<'_> {
    fn object(&mut self) {
        self.keys.push(Keys::default());
    }

    fn end_object(&mut self) {
        self.keys.pop();
    }

    fn key(&mut self, range: Range<usize>) -> Result<(), JsonError> {
        let (text, map) = decode(&self.document[range.clone()]);
        let key: Rc<str> = Rc::from(&*text);
        let is_new = self.keys.last_mut().is_none_or(|keys| keys.insert(&key));
        if !is_new {
            return Err(JsonError::DuplicateKey {
                key: key.chars().take(40).collect(),
                offset: range.start - 1,
            });
        }
        self.path.push(Segment::Key(key));
        self.scalars.push(Scalar {
            kind: ScalarKind::Key,
            path: self.path.clone(),
            range,
            text,
            map,
        });
        Ok(())
    }

    fn item(&mut self, index: usize) {
        self.path.push(Segment::Index(index));
    }

    fn end_value(&mut self, _: Range<usize>) {
        self.path.pop();
    }

    fn string(&mut self, text: Range<usize>) {
        self.push(ScalarKind::String, text);
    }

    fn number(&mut self, text: Range<usize>) {
        self.push(ScalarKind::Number, text);
    }
}

/// The number of keys that are compared one by one, which is faster than a set.
const FEW_KEYS: usize = 16;

/// The keys of an object.
#[derive(Default)]
struct Keys {
    few: Vec<Rc<str>>,
    many: HashSet<Rc<str>>,
}

impl Keys {
    /// Adds a key; false if it is there already.
    fn insert(&mut self, key: &Rc<str>) -> bool {
        if self.few.contains(key) {
            return false;
        }
        if self.few.len() < FEW_KEYS {
            self.few.push(Rc::clone(key));
            return true;
        }
        self.many.insert(Rc::clone(key))
    }
}

#[cfg(test)]
mod tests {
    use super::super::grammar::{JsonError, MAX_DEPTH};
    use super::{ScalarKind, Segment, scalars};
    use proptest::prelude::*;

    fn names(path: &[Segment]) -> String {
        let name = |segment: &Segment| match segment {
            Segment::Key(key) => key.to_string(),
            Segment::Index(index) => index.to_string(),
        };
        path.iter().map(name).collect::<Vec<_>>().join("/")
    }

    #[test]
    fn scalars_have_their_path_and_their_place() {
        let document = r#" {"a": [1.50, {"b\n": "x\u0041"}], "c": true, "d": null} "#;
        let found: Vec<(ScalarKind, String, &str, String)> = scalars(document)
            .unwrap()
            .into_iter()
            .map(|s| {
                (
                    s.kind,
                    names(&s.path),
                    &document[s.range],
                    s.text.into_owned(),
                )
            })
            .collect();
        let expected = [
            (ScalarKind::Key, "a", "a", "a"),
            (ScalarKind::Number, "a/0", "1.50", "1.50"),
            (ScalarKind::Key, "a/1/b\n", "b\\n", "b\n"),
            (ScalarKind::String, "a/1/b\n", "x\\u0041", "xA"),
            (ScalarKind::Key, "c", "c", "c"),
            (ScalarKind::Key, "d", "d", "d"),
        ];
        assert_eq!(found.len(), expected.len());
        for (found, (kind, path, raw, text)) in found.iter().zip(expected) {
            assert_eq!(
                (found.0, &*found.1, found.2, &*found.3),
                (kind, path, raw, text)
            );
        }
    }

    #[test]
    fn what_is_not_accepted_is_named_with_its_place() {
        for (document, offset) in [
            ("", 0),
            ("{", 1),
            ("[1,]", 3),
            ("{\"a\"}", 4),
            ("01", 1),
            ("1.", 2),
            ("\"\\x\"", 1),
            ("\"\\u12\"", 1),
            ("\"\n\"", 1),
            ("tru", 0),
            ("[1] 2", 4),
            ("-", 1),
            ("\"", 1),
        ] {
            match scalars(document) {
                Err(JsonError::Syntax { offset: found, .. }) => {
                    assert_eq!(found, offset, "{document}")
                }
                other => panic!("{document}: {other:?}"),
            }
        }
        let error = scalars(r#"{"a":1,"b":2,"\u0061":3}"#).unwrap_err();
        assert_eq!(
            error,
            JsonError::DuplicateKey {
                key: "a".to_owned(),
                offset: 13
            }
        );
        let members: String = (0..40).map(|n| format!("\"{n}\":{n},")).collect();
        for (repeated, is_refused) in [("3", true), ("39", true), ("40", false)] {
            let document = format!("{{{members}\"{repeated}\":0}}");
            assert_eq!(scalars(&document).is_err(), is_refused, "{repeated}");
        }
        let deep = "[".repeat(MAX_DEPTH + 1);
        assert_eq!(
            scalars(&deep).unwrap_err(),
            JsonError::TooDeep { offset: MAX_DEPTH }
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The same documents as serde_json, but for keys that occur twice and
        /// numbers out of its range.
        #[test]
        fn the_grammar_is_that_of_serde_json(
            document in r#"[\[\]{},:"0-9.eE+\-\\nu a\u{e9}truefalsn]{0,24}"#,
        ) {
            let ours = scalars(&document);
            let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&document);
            match ours {
                Ok(_) => prop_assert!(theirs.is_ok(), "{document:?}: {theirs:?}"),
                Err(JsonError::DuplicateKey { .. }) => {}
                Err(_) => prop_assert!(theirs.is_err(), "{document:?}"),
            }
        }
    }
}
