//! Single members of a document, without the rest of it.

use std::ops::Range;

use super::decode::decode;
use super::grammar::{self, JsonError, Sink};

/// Returns the text of the members of the top-level object that have these names, in the
/// order of the names; of a repeated member the last, as most parsers do. A document that is
/// not an object has none.
///
/// # Errors
/// When the document is not JSON, or nested too deep.
pub fn members<'d, const N: usize>(
    document: &'d str,
    names: [&str; N],
) -> Result<[Option<&'d str>; N], JsonError> {
    let mut finder = Finder {
        document,
        names,
        depth: 0,
        current: None,
        found: [None; N],
    };
    grammar::read(document, &mut finder)?;
    Ok(finder.found)
}

/// Returns the texts of the items of an array; `None` if the document is not an array.
#[must_use]
pub fn items(document: &str) -> Option<Vec<&str>> {
    let mut items = Items {
        document,
        depth: 0,
        found: Vec::new(),
    };
    let is_array = document.trim_ascii_start().starts_with('[');
    let is_read = is_array && grammar::read(document, &mut items).is_ok();
    is_read.then_some(items.found)
}

struct Finder<'d, 'n, const N: usize> {
    document: &'d str,
    names: [&'n str; N],
    depth: usize,
    /// The member of the top-level object that is read, if it is one of the names.
    current: Option<usize>,
    found: [Option<&'d str>; N],
}

impl<const N: usize> Sink for Finder<'_, '_, N> {
    fn key(&mut self, key: Range<usize>) -> Result<(), JsonError> {
        if self.depth == 0 {
            let (key, _) = decode(&self.document[key]);
            self.current = self.names.iter().position(|name| *name == key);
        }
        self.depth += 1;
        Ok(())
    }

    fn item(&mut self, _: usize) {
        self.depth += 1;
    }

    fn end_value(&mut self, value: Range<usize>) {
        self.depth -= 1;
        if self.depth == 0
            && let Some(index) = self.current.take()
        {
            self.found[index] = self.document.get(value);
        }
    }
}

struct Items<'d> {
    document: &'d str,
    depth: usize,
    found: Vec<&'d str>,
}

impl Sink for Items<'_> {
    fn key(&mut self, _: Range<usize>) -> Result<(), JsonError> {
        self.depth += 1;
        Ok(())
    }

    fn item(&mut self, _: usize) {
        self.depth += 1;
    }

    fn end_value(&mut self, value: Range<usize>) {
        self.depth -= 1;
        if self.depth == 0 {
            self.found.extend(self.document.get(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{items, members};

    #[test]
    fn the_last_of_a_repeated_member_counts() {
        let document = r#" {"a": [1, {"b": 2}], "b": "x", "a": null , "\u0062": "\ud800"} "#;
        assert_eq!(
            members(document, ["a", "b", "c"]).unwrap(),
            [Some("null"), Some("\"\\ud800\""), None]
        );
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
