//! The comparison of two documents.

use serde_json::{Map, Value};

use super::change::ChangeKind;
use super::list_keys::{list_keys, position};

/// A change before masking.
pub(super) struct UnmaskedChange {
    pub(super) kind: ChangeKind,
    pub(super) path: String,
    /// The path as steps, from which its location in the target is found.
    pub(super) steps: Vec<Step>,
    pub(super) old: Value,
    pub(super) new: Value,
}

/// A step of a path.
#[derive(Clone)]
pub(super) enum Step {
    /// To the value of a key.
    Member(String),
    /// To the list item with a key of [`list_keys`].
    Item(String),
}

/// A path in both forms.
#[derive(Clone, Default)]
struct Path {
    /// As users see it.
    text: String,
    steps: Vec<Step>,
}

impl Path {
    fn member(&self, key: &str) -> Self {
        let dot = if self.text.is_empty() { "" } else { "." };
        self.step(format!("{dot}{key}"), Step::Member(key.to_owned()))
    }

    fn item(&self, key: &str) -> Self {
        self.step(format!("[{key}]"), Step::Item(key.to_owned()))
    }

    fn step(&self, text: String, step: Step) -> Self {
        let mut path = self.clone();
        path.text.push_str(&text);
        path.steps.push(step);
        path
    }
}

/// Returns the path of steps in a value with list indexes, which is the key of locations; `None` if
/// the value does not have it.
pub(super) fn indexed_path(steps: &[Step], mut value: &Value) -> Option<String> {
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Member(key) => {
                value = value.get(key)?;
                path.push_str(if path.is_empty() { "" } else { "." });
                path.push_str(key);
            }
            Step::Item(key) => {
                let index = position(value.as_array()?, key)?;
                value = value.get(index)?;
                path.push_str(&format!("[{index}]"));
            }
        }
    }
    Some(path)
}

/// Returns all changes from `before` to `after`; none exactly if they are equal.
pub(super) fn compare(before: &Value, after: &Value) -> Vec<UnmaskedChange> {
    let mut changes = Vec::new();
    compare_values(&Path::default(), before, after, &mut changes);
    changes
}

fn compare_values(path: &Path, before: &Value, after: &Value, changes: &mut Vec<UnmaskedChange>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            compare_objects(path, before, after, changes);
        }
        (Value::Array(old), Value::Array(new)) => match (list_keys(old), list_keys(new)) {
            (Some(old_keys), Some(new_keys)) => {
                compare_lists(path, (old, &old_keys), (new, &new_keys), changes);
            }
            // Items without unique keys cannot be matched.
            _ => push(ChangeKind::Changed, path, before, after, changes),
        },
        _ => push(ChangeKind::Changed, path, before, after, changes),
    }
}

fn compare_objects(
    path: &Path,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    changes: &mut Vec<UnmaskedChange>,
) {
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let path = path.member(key);
        match (before.get(key), after.get(key)) {
            (Some(old), Some(new)) => compare_values(&path, old, new, changes),
            (Some(old), None) => push(ChangeKind::Removed, &path, old, &Value::Null, changes),
            (None, Some(new)) => push(ChangeKind::Added, &path, &Value::Null, new, changes),
            (None, None) => {}
        }
    }
}

type KeyedList<'v> = (&'v [Value], &'v [String]);

fn compare_lists(
    path: &Path,
    (old, old_keys): KeyedList<'_>,
    (new, new_keys): KeyedList<'_>,
    changes: &mut Vec<UnmaskedChange>,
) {
    for (index, key) in old_keys.iter().enumerate() {
        if !new_keys.contains(key) {
            let path = path.item(key);
            push(
                ChangeKind::Removed,
                &path,
                &old[index],
                &Value::Null,
                changes,
            );
        }
    }
    for (index, key) in new_keys.iter().enumerate() {
        let path = path.item(key);
        match old_keys.iter().position(|other| other == key) {
            Some(position) => compare_values(&path, &old[position], &new[index], changes),
            None => push(ChangeKind::Added, &path, &Value::Null, &new[index], changes),
        }
    }
    compare_order(path, old_keys, new_keys, changes);
}

/// Adds the items of both lists whose relative order is different.
fn compare_order(
    path: &Path,
    old_keys: &[String],
    new_keys: &[String],
    changes: &mut Vec<UnmaskedChange>,
) {
    let old: Vec<&String> = old_keys
        .iter()
        .filter(|key| new_keys.contains(key))
        .collect();
    let new: Vec<&String> = new_keys
        .iter()
        .filter(|key| old_keys.contains(key))
        .collect();
    for (key, other) in new.iter().zip(&old) {
        if key == other {
            continue;
        }
        let position = |keys: &[String]| keys.iter().position(|item| &item == key).unwrap_or(0);
        let (from, to) = (position(old_keys), position(new_keys));
        let path = path.item(key);
        push(
            ChangeKind::Moved,
            &path,
            &Value::from(from),
            &Value::from(to),
            changes,
        );
    }
}

fn push(
    kind: ChangeKind,
    path: &Path,
    old: &Value,
    new: &Value,
    changes: &mut Vec<UnmaskedChange>,
) {
    changes.push(UnmaskedChange {
        kind,
        path: path.text.clone(),
        steps: path.steps.clone(),
        old: old.clone(),
        new: new.clone(),
    });
}
