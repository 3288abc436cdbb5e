//! The walk over both documents.

use serde_json::{Map, Value};

use super::Op;

/// A change before masking.
pub(crate) struct Found {
    pub(crate) op: Op,
    pub(crate) path: String,
    /// Path with plain indexes in the target, for its place.
    pub(crate) place: Option<String>,
    pub(crate) old: Value,
    pub(crate) new: Value,
}

/// A path in both notations.
#[derive(Clone, Default)]
struct At {
    shown: String,
    plain: String,
}

impl At {
    fn key(&self, key: &str) -> Self {
        let dot = if self.shown.is_empty() { "" } else { "." };
        Self {
            shown: format!("{}{dot}{key}", self.shown),
            plain: format!("{}{dot}{key}", self.plain),
        }
    }

    fn item(&self, label: &str, index: usize) -> Self {
        Self {
            shown: format!("{}[{label}]", self.shown),
            plain: format!("{}[{index}]", self.plain),
        }
    }
}

/// All changes from `before` to `after`; none exactly when they are equal.
pub(crate) fn compare(before: &Value, after: &Value) -> Vec<Found> {
    let mut found = Vec::new();
    walk(&At::default(), before, after, &mut found);
    found
}

fn walk(at: &At, before: &Value, after: &Value, found: &mut Vec<Found>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => tables(at, a, b, found),
        (Value::Array(a), Value::Array(b)) => match (labels(a), labels(b)) {
            (Some(x), Some(y)) => lists(at, (a, &x), (b, &y), found),
            // Items that repeat or have no key: only the whole list can say.
            _ => push(Op::Changed, at, before, after, found),
        },
        _ => push(Op::Changed, at, before, after, found),
    }
}

fn tables(at: &At, a: &Map<String, Value>, b: &Map<String, Value>, found: &mut Vec<Found>) {
    let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let at = at.key(key);
        match (a.get(key), b.get(key)) {
            (Some(x), Some(y)) => walk(&at, x, y, found),
            (Some(x), None) => push(Op::Removed, &at, x, &Value::Null, found),
            (None, Some(y)) => push(Op::Added, &at, &Value::Null, y, found),
            (None, None) => {}
        }
    }
}

type Keyed<'v> = (&'v [Value], &'v [String]);

fn lists(at: &At, (a, x): Keyed<'_>, (b, y): Keyed<'_>, found: &mut Vec<Found>) {
    for (index, label) in x.iter().enumerate() {
        if !y.contains(label) {
            push(
                Op::Removed,
                &at.item(label, index),
                &a[index],
                &Value::Null,
                found,
            );
        }
    }
    for (index, label) in y.iter().enumerate() {
        let at = at.item(label, index);
        match x.iter().position(|other| other == label) {
            Some(old) => walk(&at, &a[old], &b[index], found),
            None => push(Op::Added, &at, &Value::Null, &b[index], found),
        }
    }
    moves(at, x, y, found);
}

/// Items of both lists whose order among each other differs.
fn moves(at: &At, x: &[String], y: &[String], found: &mut Vec<Found>) {
    let old: Vec<&String> = x.iter().filter(|label| y.contains(label)).collect();
    let new: Vec<&String> = y.iter().filter(|label| x.contains(label)).collect();
    for (label, other) in new.iter().zip(&old) {
        if label == other {
            continue;
        }
        let position = |list: &[String]| list.iter().position(|item| &item == label).unwrap_or(0);
        let (from, to) = (position(x), position(y));
        let at = at.item(label, to);
        push(Op::Moved, &at, &Value::from(from), &Value::from(to), found);
    }
}

/// The natural keys of a list: `id=…` of tables, else the text or number
/// itself. `None` when they are not there or not unique.
pub(super) fn labels(items: &[Value]) -> Option<Vec<String>> {
    let labels: Option<Vec<String>> = items.iter().map(label).collect();
    let labels = labels?;
    let mut sorted = labels.clone();
    sorted.sort_unstable();
    sorted.dedup();
    (sorted.len() == labels.len()).then_some(labels)
}

fn label(item: &Value) -> Option<String> {
    match item {
        Value::Object(table) => Some(format!("id={}", table.get("id")?.as_str()?)),
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn push(op: Op, at: &At, old: &Value, new: &Value, found: &mut Vec<Found>) {
    found.push(Found {
        op,
        path: at.shown.clone(),
        place: (op != Op::Removed).then(|| at.plain.clone()),
        old: old.clone(),
        new: new.clone(),
    });
}
