//! The parts of a document: its members, and the items of one of them.

use std::borrow::Cow;
use std::ops::Range;

use super::decode::decode;
use super::grammar::{self, JsonError, Sink};

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DocumentPart<'d> {
    /// A member of the top-level object: its key as it stands.
    Member(&'d str),
    /// An item of the list.
    Item(usize),
}

/// Calls `take` with each part of a document and where its value stands: the items of the member
/// `list`, if it is an array that is not empty, and every other member. A document that is not an
/// object has none.
///
/// # Errors
/// When it is not JSON, or nested too deep.
pub(crate) fn each_part<'d>(
    document: &'d str,
    list: &str,
    take: impl FnMut(DocumentPart<'d>, Range<usize>),
) -> Result<(), JsonError> {
    let mut parts = Parts {
        document,
        list,
        depth: 0,
        key: None,
        is_list: false,
        item: None,
        take,
    };
    grammar::read(document, &mut parts)
}

struct Parts<'d, 'l, F> {
    document: &'d str,
    list: &'l str,
    depth: usize,
    /// The key of the current member.
    key: Option<&'d str>,
    /// Whether that is the list.
    is_list: bool,
    /// The last item of its value, if that is an array.
    item: Option<usize>,
    take: F,
}

impl<'d, F: FnMut(DocumentPart<'d>, Range<usize>)> Sink for Parts<'d, '_, F> {
    fn key(&mut self, key: Range<usize>) -> Result<(), JsonError> {
        if self.depth == 0 {
            let key = self.document.get(key).unwrap_or_default();
            // A key with an escape is rare.
            let name = match key.contains('\\') {
                true => decode(key).0,
                false => Cow::Borrowed(key),
            };
            self.is_list = name == self.list;
            self.key = Some(key);
            self.item = None;
        }
        self.depth += 1;
        Ok(())
    }

    fn item(&mut self, index: usize) {
        if self.depth == 1 {
            self.item = Some(index);
        }
        self.depth += 1;
    }

    fn end_value(&mut self, value: Range<usize>) {
        self.depth -= 1;
        match (self.depth, self.key, self.item) {
            (0, Some(key), item) if item.is_none() || !self.is_list => {
                (self.take)(DocumentPart::Member(key), value);
            }
            (1, Some(_), Some(index)) if self.is_list => {
                (self.take)(DocumentPart::Item(index), value)
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DocumentPart, each_part};

    fn parts(document: &str) -> Vec<(String, &str)> {
        let mut found = Vec::new();
        let take = |part: DocumentPart<'_>, range| {
            let name = match part {
                DocumentPart::Member(key) => key.to_owned(),
                DocumentPart::Item(index) => index.to_string(),
            };
            found.push((name, &document[range]));
        };
        each_part(document, "list", take).unwrap();
        found
    }

    #[test]
    fn the_items_of_the_list_are_parts_and_so_is_every_other_member() {
        for (document, expected) in [
            (
                r#" {"a": {"list": [1]}, "list" : [ {"b": [2, 3]} ,[4],"x"], "c": [5]} "#,
                &[
                    ("a", r#"{"list": [1]}"#),
                    ("0", r#"{"b": [2, 3]}"#),
                    ("1", "[4]"),
                    ("2", "\"x\""),
                    ("c", "[5]"),
                ][..],
            ),
            (r#"{"l\u0069st": [1]}"#, &[("0", "1")]),
            (r#"{"list": []}"#, &[("list", "[]")]),
            (r#"{"list": {"a": [1]}}"#, &[("list", r#"{"a": [1]}"#)]),
            (
                r#"{"list": "[1]", "list": [2]}"#,
                &[("list", "\"[1]\""), ("0", "2")],
            ),
            ("[[1], 2]", &[]),
            ("3", &[]),
        ] {
            let expected = expected
                .iter()
                .map(|(name, text)| ((*name).to_owned(), *text));
            assert_eq!(parts(document), expected.collect::<Vec<_>>(), "{document}");
        }
        each_part("{\"list\": [1}", "list", |_, _| {}).unwrap_err();
    }
}
