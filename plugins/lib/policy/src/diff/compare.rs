//! The comparison of two documents.

use serde_json::{Map, Value};

use super::change::ChangeKind;
use super::list_keys::list_keys;

/// A change before masking.
pub(super) struct UnmaskedChange {
    pub(super) kind: ChangeKind,
    pub(super) path: String,
    /// The path with list indexes, in the target: the key of its location.
    pub(super) indexed_path: Option<String>,
    pub(super) old: Value,
    pub(super) new: Value,
}

/// A path in both notations.
#[derive(Clone, Default)]
struct Path {
    /// With the keys of list items, as users see it.
    keyed: String,
    /// With list indexes.
    indexed: String,
}

impl Path {
    fn member(&self, key: &str) -> Self {
        let dot = if self.keyed.is_empty() { "" } else { "." };
        Self {
            keyed: format!("{}{dot}{key}", self.keyed),
            indexed: format!("{}{dot}{key}", self.indexed),
        }
    }

    fn item(&self, key: &str, index: usize) -> Self {
        Self {
            keyed: format!("{}[{key}]", self.keyed),
            indexed: format!("{}[{index}]", self.indexed),
        }
    }
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
            let path = path.item(key, index);
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
        let path = path.item(key, index);
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
        let path = path.item(key, to);
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
        path: path.keyed.clone(),
        indexed_path: (kind != ChangeKind::Removed).then(|| path.indexed.clone()),
        old: old.clone(),
        new: new.clone(),
    });
}
