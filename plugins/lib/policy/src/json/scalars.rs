//! The scalars of a document, with their place.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use super::decode::{OffsetMap, decode};
use super::grammar::{self, JsonError, Sink};

/// One step of the way to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment<'d> {
    Key(Cow<'d, str>),
    Index(usize),
}

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
pub(crate) struct Scalar<'d, 'p> {
    pub(crate) kind: ScalarKind,
    /// The way to it.
    pub(crate) path: &'p [Segment<'d>],
    /// Its bytes in the document: those between the quotes, or the number.
    pub(crate) range: Range<usize>,
    /// What it says.
    pub(crate) text: Cow<'d, str>,
    /// The way back from `text` to the bytes of `range`.
    pub(crate) map: OffsetMap,
}

/// Calls `take` with each scalar of a document, in order, up to where it turns out not to be
/// accepted.
///
/// # Errors
/// When it is not JSON, nested too deep, or a key occurs twice in an object.
pub(crate) fn each_scalar<'d>(
    document: &'d str,
    take: impl FnMut(Scalar<'d, '_>),
) -> Result<(), JsonError> {
    each_scalar_except(document, &[], take)
}

/// As [`each_scalar`], without those of the values that stand at `known`: values that were accepted
/// before, in order, of which none is in another.
///
/// # Errors
/// As [`each_scalar`].
pub(crate) fn each_scalar_except<'d>(
    document: &'d str,
    known: &[Range<usize>],
    take: impl FnMut(Scalar<'d, '_>),
) -> Result<(), JsonError> {
    let mut walk = Walk {
        document,
        path: Vec::new(),
        keys: Keys::default(),
        take,
    };
    grammar::read_except(document, known, &mut walk)
}

/// Whether a text is a number.
#[must_use]
pub fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && each_scalar(text, |_| {}).is_ok()
}

/// Passes on scalars with the path that they all share.
struct Walk<'d, F> {
    document: &'d str,
    path: Vec<Segment<'d>>,
    keys: Keys<'d>,
    take: F,
}

impl<'d, F: FnMut(Scalar<'d, '_>)> Walk<'d, F> {
    fn scalar(&mut self, kind: ScalarKind, range: Range<usize>) {
        let (text, map) = decode(&self.document[range.clone()]);
        (self.take)(Scalar {
            kind,
            path: &self.path,
            range,
            text,
            map,
        });
    }
}

impl<'d, F: FnMut(Scalar<'d, '_>)> Sink for Walk<'d, F> {
    fn object(&mut self) {
        self.keys.begin_object();
    }

    fn end_object(&mut self) {
        self.keys.end_object();
    }

    fn key(&mut self, range: Range<usize>) -> Result<(), JsonError> {
        let (text, map) = decode(&self.document[range.clone()]);
        if !self.keys.insert(text.clone()) {
            return Err(JsonError::DuplicateKey {
                key: text.chars().take(40).collect(),
                offset: range.start - 1,
            });
        }
        self.path.push(Segment::Key(text.clone()));
        (self.take)(Scalar {
            kind: ScalarKind::Key,
            path: &self.path,
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
        self.scalar(ScalarKind::String, text);
    }

    fn number(&mut self, text: Range<usize>) {
        self.scalar(ScalarKind::Number, text);
    }
}

/// The number of keys that are compared one by one, which is faster than a set.
const FEW_KEYS: usize = 16;

/// The keys of the objects that have not ended.
#[derive(Default)]
struct Keys<'d> {
    /// The first keys of each object, one object after the other.
    few: Vec<Cow<'d, str>>,
    objects: Vec<ObjectKeys<'d>>,
}

/// The keys of one object.
struct ObjectKeys<'d> {
    /// Where its first keys begin.
    start: usize,
    /// Its other keys.
    many: Option<HashSet<Cow<'d, str>>>,
}

impl<'d> Keys<'d> {
    fn begin_object(&mut self) {
        self.objects.push(ObjectKeys {
            start: self.few.len(),
            many: None,
        });
    }

    fn end_object(&mut self) {
        if let Some(object) = self.objects.pop() {
            self.few.truncate(object.start);
        }
    }

    /// Adds a key of the innermost object; false if it is there already.
    fn insert(&mut self, key: Cow<'d, str>) -> bool {
        let Some(object) = self.objects.last_mut() else {
            return true;
        };
        let few = self.few.get(object.start..).unwrap_or_default();
        if few.contains(&key) {
            return false;
        }
        if few.len() < FEW_KEYS {
            self.few.push(key);
            return true;
        }
        object.many.get_or_insert_default().insert(key)
    }
}

#[cfg(test)]
mod tests {
    use super::super::grammar::{JsonError, MAX_DEPTH};
    use super::{ScalarKind, Segment, each_scalar};
    use proptest::prelude::*;

    fn check(document: &str) -> Result<(), JsonError> {
        each_scalar(document, |_| {})
    }

    fn names(path: &[Segment<'_>]) -> String {
        let name = |segment: &Segment<'_>| match segment {
            Segment::Key(key) => key.to_string(),
            Segment::Index(index) => index.to_string(),
        };
        path.iter().map(name).collect::<Vec<_>>().join("/")
    }

    #[test]
    fn scalars_have_their_path_and_their_place() {
        let document = r#" {"a": [1.50, {"b\n": "x\u0041"}], "c": true, "d": null} "#;
        let mut found: Vec<(ScalarKind, String, &str, String)> = Vec::new();
        each_scalar(document, |s| {
            let text = s.text.into_owned();
            found.push((s.kind, names(s.path), &document[s.range], text));
        })
        .unwrap();
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
            match check(document) {
                Err(JsonError::Syntax { offset: found, .. }) => {
                    assert_eq!(found, offset, "{document}")
                }
                other => panic!("{document}: {other:?}"),
            }
        }
        let error = check(r#"{"a":1,"b":2,"\u0061":3}"#).unwrap_err();
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
            assert_eq!(check(&document).is_err(), is_refused, "{repeated}");
        }
        let deep = "[".repeat(MAX_DEPTH + 1);
        assert_eq!(
            check(&deep).unwrap_err(),
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
            let ours = check(&document);
            let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&document);
            match ours {
                Ok(_) => prop_assert!(theirs.is_ok(), "{document:?}: {theirs:?}"),
                Err(JsonError::DuplicateKey { .. }) => {}
                Err(_) => prop_assert!(theirs.is_err(), "{document:?}"),
            }
        }
    }
}
