//! What is selected of a result.

use super::columns::Columns;
use super::path::{Path, text};
use serde_json::Value;

/// The formats that take an expression, as they are named in help and completed.
pub(crate) const FORMATS: [&str; 2] = ["jsonpath=", "custom-columns="];

/// What is printed of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selection(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Path(Path),
    Columns(Columns),
}

impl Selection {
    /// Parses the value of `--output`; `None` if it is a format without an expression.
    ///
    /// # Errors
    /// What is wrong with the expression.
    pub(crate) fn parse(text: &str) -> Result<Option<Self>, String> {
        let (format, expression) = match text.split_once('=') {
            Some((format, expression)) => (format, expression),
            None => (text, ""),
        };
        let needs = |form: &str| format!("`{format}` needs an expression: `{format}={form}`");
        Ok(Some(Self(match format {
            "jsonpath" if expression.is_empty() => return Err(needs("PATH")),
            "jsonpath" => Kind::Path(Path::parse(expression)?),
            "custom-columns" if expression.is_empty() => return Err(needs("NAME:PATH,…")),
            "custom-columns" => Kind::Columns(Columns::parse(expression)?),
            _ => return Ok(None),
        })))
    }

    /// Returns the headers of the columns; `None` for a path.
    pub(crate) fn headers(&self) -> Option<Vec<String>> {
        match &self.0 {
            Kind::Path(_) => None,
            Kind::Columns(columns) => Some(columns.headers()),
        }
    }

    /// Returns the rows of a value: the columns of each of its items, or one value per row.
    pub(crate) fn rows(&self, value: &Value) -> Vec<Vec<String>> {
        match &self.0 {
            Kind::Path(path) => {
                let values = path.select(value).into_iter();
                values.map(|value| vec![text(value)]).collect()
            }
            Kind::Columns(columns) => match value {
                Value::Array(items) => items.iter().map(|item| columns.cells(item)).collect(),
                item => vec![columns.cells(item)],
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Selection;
    use serde_json::json;

    fn selection(text: &str) -> Selection {
        Selection::parse(text).unwrap().unwrap()
    }

    #[test]
    fn a_path_prints_one_value_per_line() {
        let value = json!([{"name": "a", "n": 1}, {"name": "b", "n": null}]);
        let rows = selection("jsonpath=[*].name").rows(&value);
        assert_eq!(rows, [["a"], ["b"]]);
        assert_eq!(
            selection("jsonpath=[0]").rows(&value),
            [["{\"name\":\"a\",\"n\":1}"]]
        );
    }

    #[test]
    fn columns_have_a_row_per_item() {
        let value = json!([{"name": "a", "n": [1, 2]}, {"name": "b"}]);
        let columns = selection("custom-columns=NAME:.name,N:.n[*]");
        assert_eq!(columns.headers().unwrap(), ["NAME", "N"]);
        assert_eq!(columns.rows(&value), [["a", "1,2"], ["b", "<none>"]]);
        assert_eq!(columns.rows(&json!({"name": "c"})), [["c", "<none>"]]);
    }

    #[test]
    fn other_formats_have_no_expression() {
        for format in ["json", "table", "x=y"] {
            assert_eq!(Selection::parse(format), Ok(None));
        }
        for wrong in [
            "jsonpath",
            "jsonpath=",
            "custom-columns=a",
            "custom-columns=A:.b,",
            "jsonpath=.[",
        ] {
            assert!(Selection::parse(wrong).is_err(), "{wrong}");
        }
    }
}
