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
    let mut found = [None; N];
    let mut values = TopLevelValues::new(|key: Option<Range<usize>>, value| {
        let key = key.map(|key| decode(&document[key]).0);
        if let Some(index) = key.and_then(|key| names.iter().position(|name| *name == key)) {
            found[index] = document.get(value);
        }
    });
    grammar::read(document, &mut values)?;
    Ok(found)
}

/// Returns the texts of the items of an array; `None` if the document is not an array.
#[must_use]
pub fn items(document: &str) -> Option<Vec<&str>> {
    let mut found = Vec::new();
    let mut values = TopLevelValues::new(|_, value| found.extend(document.get(value)));
    let is_array = document.trim_ascii_start().starts_with('[');
    let is_read = is_array && grammar::read(document, &mut values).is_ok();
    is_read.then_some(found)
}

/// Passes on the values of the top-level object or array, each with its key if it has one.
struct TopLevelValues<F> {
    depth: usize,
    key: Option<Range<usize>>,
    each: F,
}

impl<F: FnMut(Option<Range<usize>>, Range<usize>)> TopLevelValues<F> {
    fn new(each: F) -> Self {
        Self {
            depth: 0,
            key: None,
            each,
        }
    }
}

impl<F: FnMut(Option<Range<usize>>, Range<usize>)> Sink for TopLevelValues<F> {
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
        if self.depth == 0 {
            (self.each)(self.key.take(), value);
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
