//! The grammar of JSON (RFC 8259), read for its scalars.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::rc::Rc;

use super::decode::{OffsetMap, decode};

/// Deepest nesting that is read.
pub const MAX_DEPTH: usize = 128;

/// Why a document is not accepted, with the byte offset of the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// It is not JSON.
    #[error("expected {expected} at byte {offset}")]
    Syntax {
        /// What could stand there.
        expected: &'static str,
        /// Where.
        offset: usize,
    },
    /// A key occurs twice in an object: of two readers one would use the first
    /// and the other the last.
    #[error("the key `{key}` occurs twice in one object, at byte {offset}")]
    DuplicateKey {
        /// The key, at most 40 characters of it.
        key: String,
        /// Where it occurs again.
        offset: usize,
    },
    /// It is nested deeper than [`MAX_DEPTH`].
    #[error("more than {MAX_DEPTH} levels of nesting at byte {offset}")]
    TooDeep {
        /// Where.
        offset: usize,
    },
}

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
    let mut parser = Parser {
        document,
        at: 0,
        path: Path::new(),
        scalars: Vec::new(),
    };
    parser.value()?;
    parser.blanks();
    if parser.at < document.len() {
        return Err(parser.expected("the end of the document"));
    }
    Ok(parser.scalars)
}

/// Whether a text is a number.
#[must_use]
pub fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && scalars(text).is_ok()
}

struct Parser<'d> {
    document: &'d str,
    at: usize,
    path: Path,
    scalars: Vec<Scalar<'d>>,
}

impl<'d> Parser<'d> {
    fn peek(&self) -> Option<u8> {
        self.document.as_bytes().get(self.at).copied()
    }

    fn expected(&self, expected: &'static str) -> JsonError {
        JsonError::Syntax {
            expected,
            offset: self.at,
        }
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8, expected: &'static str) -> Result<(), JsonError> {
        if self.peek() != Some(byte) {
            return Err(self.expected(expected));
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self) -> Result<(), JsonError> {
        self.blanks();
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => self.string(ScalarKind::String).map(drop),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => Err(self.expected("a value")),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<(), JsonError>) -> Result<(), JsonError> {
        if self.path.len() >= MAX_DEPTH {
            return Err(JsonError::TooDeep { offset: self.at });
        }
        self.at += 1;
        read(self)
    }

    fn object(&mut self) -> Result<(), JsonError> {
        let mut keys: HashSet<Rc<str>> = HashSet::new();
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.blanks();
            let offset = self.at;
            let key = self.string(ScalarKind::Key)?;
            if !keys.insert(Rc::clone(&key)) {
                let key = key.chars().take(40).collect();
                return Err(JsonError::DuplicateKey { key, offset });
            }
            self.blanks();
            self.take(b':', "`:`")?;
            self.path.push(Segment::Key(key));
            self.value()?;
            self.path.pop();
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.expected("`,` or `}`")),
            }
        }
        self.at += 1;
        Ok(())
    }

    fn array(&mut self) -> Result<(), JsonError> {
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        for index in 0.. {
            self.path.push(Segment::Index(index));
            self.value()?;
            self.path.pop();
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.expected("`,` or `]`")),
            }
        }
        self.at += 1;
        Ok(())
    }

    /// Reads a string and returns its text if it is a key.
    fn string(&mut self, kind: ScalarKind) -> Result<Rc<str>, JsonError> {
        self.take(b'"', "a string")?;
        let start = self.at;
        loop {
            match self.peek() {
                None => return Err(self.expected("`\"`")),
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(byte) if byte < 0x20 => {
                    return Err(self.expected("an escape instead of a control character"));
                }
                Some(_) => self.at += 1,
            }
        }
        let range = start..self.at;
        self.at += 1;
        let (text, map) = decode(&self.document[range.clone()]);
        let mut path = self.path.clone();
        let mut key: Rc<str> = Rc::from("");
        if kind == ScalarKind::Key {
            key = Rc::from(&*text);
            path.push(Segment::Key(Rc::clone(&key)));
        }
        self.scalars.push(Scalar {
            kind,
            path,
            range,
            text,
            map,
        });
        Ok(key)
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        let rest = &self.document.as_bytes()[self.at + 1..];
        let length = match rest.first() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') => {
                let digits = rest.get(1..5).unwrap_or_default();
                if digits.len() < 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Err(self.expected("`\\u` and four hexadecimal digits"));
                }
                6
            }
            _ => return Err(self.expected("an escape of JSON")),
        };
        self.at += length;
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        let range = start..self.at;
        self.scalars.push(Scalar {
            kind: ScalarKind::Number,
            path: self.path.clone(),
            text: Cow::Borrowed(&self.document[range.clone()]),
            map: OffsetMap::default(),
            range,
        });
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.expected("a digit"));
        }
        Ok(())
    }

    fn word(&mut self, word: &'static str) -> Result<(), JsonError> {
        if !self.document[self.at..].starts_with(word) {
            return Err(self.expected("a value"));
        }
        self.at += word.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{JsonError, MAX_DEPTH, ScalarKind, Segment, scalars};
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
