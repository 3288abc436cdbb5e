//! Paths into a JSON value.

use super::comparison::{Operator, find_outside, literal};
use serde_json::Value;

/// What a filter may be, for errors.
const FILTER: &str = "a filter is `?(@.NAME)` or `?(@.NAME OPERATOR VALUE)`, with one of ==, !=, <, <=, > and >=, and a text in quotes, a number, true, false, null or another path";

/// A path: `.name`, `['name']`, `[0]`, `[-1]`, `[*]`, `..name` at any depth, and
/// `[?(@.name=='text')]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(String),
    Index(i64),
    All,
    /// The value itself and all values in it.
    Descendants,
    Filter(Filter),
}

/// Which items are selected.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Filter {
    /// Those in which the path selects something.
    Exists(Path),
    Compares(Operand, Operator, Operand),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Operand {
    Path(Path),
    Literal(Value),
}

impl Path {
    /// Parses a path. `$` and the braces that kubectl requires may be omitted.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let inner = text.trim();
        let inner = inner
            .strip_prefix('{')
            .and_then(|inner| inner.strip_suffix('}'))
            .unwrap_or(inner);
        let inner = inner.strip_prefix(['$', '@']).unwrap_or(inner);
        let mut parser = Parser {
            rest: inner,
            steps: Vec::new(),
        };
        parser.parse(text)?;
        Ok(Self(parser.steps))
    }

    /// Returns the selected values, in their order.
    pub(super) fn select<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        let mut found = vec![value];
        for step in &self.0 {
            found = found.into_iter().flat_map(|v| step.select(v)).collect();
        }
        found
    }
}

impl Step {
    fn select<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        match self {
            Self::Member(name) => value.get(name).into_iter().collect(),
            Self::Index(index) => value
                .as_array()
                .and_then(|items| {
                    let back = index.checked_neg().and_then(|n| usize::try_from(n).ok());
                    let at = match usize::try_from(*index) {
                        Ok(at) => Some(at),
                        Err(_) => back.and_then(|back| items.len().checked_sub(back)),
                    };
                    items.get(at?)
                })
                .into_iter()
                .collect(),
            Self::All => children(value),
            Self::Filter(filter) => {
                let items = children(value).into_iter();
                items.filter(|item| filter.matches(item)).collect()
            }
            Self::Descendants => {
                let mut found = vec![value];
                let mut next = 0;
                while let Some(value) = found.get(next).copied() {
                    found.extend(children(value));
                    next += 1;
                }
                found
            }
        }
    }
}

impl Filter {
    /// Parses what is in the parentheses.
    fn parse(text: &str) -> Option<Self> {
        let Some((left, operator, right)) = Operator::find(text) else {
            return match Operand::parse(text)? {
                Operand::Path(path) => Some(Self::Exists(path)),
                Operand::Literal(_) => None,
            };
        };
        let (left, right) = (Operand::parse(left)?, Operand::parse(right)?);
        Some(Self::Compares(left, operator, right))
    }

    fn matches(&self, item: &Value) -> bool {
        match self {
            Self::Exists(path) => !path.select(item).is_empty(),
            Self::Compares(left, operator, right) => {
                operator.holds(left.value(item), right.value(item))
            }
        }
    }
}

impl Operand {
    fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix('@') {
            Some(path) => Path::parse(path).ok().map(Self::Path),
            None => literal(text).map(Self::Literal),
        }
    }

    /// Returns its value in an item: the first one that a path selects.
    fn value<'v>(&'v self, item: &'v Value) -> Option<&'v Value> {
        match self {
            Self::Path(path) => path.select(item).first().copied(),
            Self::Literal(value) => Some(value),
        }
    }
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => Vec::new(),
    }
}

/// Returns a text without its quotes, and everything else as JSON.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

struct Parser<'a> {
    rest: &'a str,
    steps: Vec<Step>,
}

impl<'a> Parser<'a> {
    fn parse(&mut self, whole: &str) -> Result<(), String> {
        let mut is_first = true;
        while !self.rest.is_empty() {
            if self.eat("..") {
                self.steps.push(Step::Descendants);
                if !self.rest.starts_with('[') {
                    self.member(whole)?;
                }
            } else if self.eat("[") {
                self.bracket(whole)?;
            } else if self.eat(".") {
                // `.` alone is the whole value.
                let is_whole = is_first && self.rest.is_empty();
                if !is_whole && !self.rest.starts_with('[') {
                    self.member(whole)?;
                }
            } else if is_first {
                self.member(whole)?;
            } else {
                return Err(self.problem(whole, "expected `.` or `[`"));
            }
            is_first = false;
        }
        Ok(())
    }

    fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn take(&mut self, end: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn member(&mut self, whole: &str) -> Result<(), String> {
        if self.eat("*") {
            self.steps.push(Step::All);
            return Ok(());
        }
        let is_end = |c: char| matches!(c, '.' | '[' | ']' | ' ' | '{' | '}' | '(' | ')' | '?');
        let end = self.rest.find(is_end).unwrap_or(self.rest.len());
        let name = self.take(end);
        if name.is_empty() {
            return Err(self.problem(whole, "expected a name"));
        }
        self.steps.push(Step::Member(name.to_owned()));
        Ok(())
    }

    fn filter(&mut self, whole: &str) -> Result<(), String> {
        let Some(end) = find_outside(self.rest, |rest| rest.starts_with(']')) else {
            return Err(self.problem(whole, "expected `]`"));
        };
        let text = self.rest.get(..end).unwrap_or_default().trim();
        let inner = text.strip_prefix('(').and_then(|t| t.strip_suffix(')'));
        let Some(filter) = Filter::parse(inner.unwrap_or(text).trim()) else {
            return Err(format!("`{whole}` is not a path: {FILTER}"));
        };
        self.take(end);
        self.steps.push(Step::Filter(filter));
        self.close(whole)
    }

    fn bracket(&mut self, whole: &str) -> Result<(), String> {
        if self.eat("?") {
            return self.filter(whole);
        }
        for quote in ['\'', '"'] {
            if self.rest.starts_with(quote) {
                self.take(quote.len_utf8());
                let Some(end) = self.rest.find(quote) else {
                    return Err(self.problem(whole, "the quote is not closed"));
                };
                let name = self.take(end).to_owned();
                self.take(quote.len_utf8());
                self.steps.push(Step::Member(name));
                return self.close(whole);
            }
        }
        let end = self.rest.find(']').unwrap_or(self.rest.len());
        let step = match self.rest.get(..end).unwrap_or_default().trim() {
            "*" => Step::All,
            number => match number.parse() {
                Ok(index) => Step::Index(index),
                Err(_) => {
                    let expected = "expected a number, `*`, `?` or a quoted name";
                    return Err(self.problem(whole, expected));
                }
            },
        };
        self.take(end);
        self.steps.push(step);
        self.close(whole)
    }

    fn close(&mut self, whole: &str) -> Result<(), String> {
        if self.eat("]") {
            Ok(())
        } else {
            Err(self.problem(whole, "expected `]`"))
        }
    }

    fn problem(&self, whole: &str, expected: &str) -> String {
        match self.rest {
            "" => format!("`{whole}` is not a path: {expected} at its end"),
            rest => format!("`{whole}` is not a path: {expected} before `{rest}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Path;
    use serde_json::{Value, json};

    fn select(path: &str, value: &Value) -> Value {
        let path = Path::parse(path).unwrap_or_else(|e| panic!("{e}"));
        path.select(value).into_iter().cloned().collect()
    }

    #[test]
    fn values_are_selected_in_their_order() {
        let value = json!({
            "items": [{"name": "a", "n": 1}, {"name": "b", "labels": {"x.y": "z"}}],
            "name": "top",
        });
        for (path, expected) in [
            ("$.items[0].name", json!(["a"])),
            ("{.items[*].name}", json!(["a", "b"])),
            ("items[-1].name", json!(["b"])),
            (".items[1].labels['x.y']", json!(["z"])),
            ("$..name", json!(["top", "a", "b"])),
            ("$.items[0].*", json!(["a", 1])),
            (".items[9].name", json!([])),
            (".items[-9]", json!([])),
            (".name.absent[0]", json!([])),
        ] {
            assert_eq!(select(path, &value), expected, "{path}");
        }
        for whole in ["$", ".", "", "{}", "@"] {
            assert_eq!(select(whole, &value), json!([value]), "{whole}");
        }
    }

    #[test]
    fn items_are_filtered() {
        let value = json!([
            {"name": "a", "state": "in-sync", "n": 2, "labels": {"team": "x]"}},
            {"name": "b", "state": "offline", "n": 10},
        ]);
        for (filter, expected) in [
            ("?(@.state==\"in-sync\")", json!(["a"])),
            ("?(@.state == 'offline')", json!(["b"])),
            ("?@.state!='offline'", json!(["a"])),
            ("?(@.n>2)", json!(["b"])),
            ("?(@.n<=2)", json!(["a"])),
            ("?(2<@.n)", json!(["b"])),
            ("?(@['labels']['team']=='x]')", json!(["a"])),
            ("?(@.labels)", json!(["a"])),
            ("?(@.labels.team!='y')", json!(["a"])),
            ("?(@.state==@.name)", json!([])),
        ] {
            assert_eq!(
                select(&format!("[{filter}].name"), &value),
                expected,
                "{filter}"
            );
        }
        let nested = json!({"items": value});
        assert_eq!(select("{.items[?(@.n==10)].name}", &nested), json!(["b"]));
    }

    #[test]
    fn what_is_supported_is_named_for_other_filters() {
        for filter in [
            "?(@.a=='b' && @.c)",
            "?(@.a =~ 'b')",
            "?()",
            "?('a')",
            "?(@.a==b)",
            "?($.a)",
        ] {
            let error = Path::parse(&format!("[{filter}]")).unwrap_err();
            assert!(error.contains("`?(@.NAME OPERATOR VALUE)`"), "{error}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (path, problem) in [
            (".a[", "at its end"),
            (".a['b", "not closed"),
            (".a[x]", "before `x]`"),
            (".a[0", "expected `]`"),
            (".a b", "before ` b`"),
            ("a..", "expected a name"),
            (".items[?(@.a==1)", "expected `]`"),
        ] {
            let error = Path::parse(path).unwrap_err();
            assert!(error.contains(problem) && error.contains(path), "{error}");
        }
    }
}
