//! The difference as a JSON patch (RFC 6902) that turns one canonical form into the other.

use serde::Serialize;
use serde_json::{Map, Value};

use super::list_keys::list_keys;
use super::mask;

/// An operation of RFC 6902; paths are JSON pointers (RFC 6901).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum PatchOperation {
    /// Adds a value; in a list, before the item at that index.
    Add {
        /// The path.
        path: String,
        /// The value.
        value: Value,
    },
    /// Removes a value.
    Remove {
        /// The path.
        path: String,
    },
    /// Replaces a value.
    Replace {
        /// The path.
        path: String,
        /// The new value.
        value: Value,
    },
    /// Moves an item of a list.
    Move {
        /// The old path.
        from: String,
        /// The new path, after the removal.
        path: String,
    },
}

/// A JSON patch. Serializes as the list of operations.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Patch {
    /// The operations, in the order in which they are applied.
    pub operations: Vec<PatchOperation>,
    /// Whether a value is masked: applying the patch then gives the target except for the masked
    /// values.
    #[serde(skip)]
    pub masked: bool,
}

/// Builds the patch from `before` to `after`. The unmasked values are compared, so that no change
/// is lost where two masks are equal.
pub(super) fn patch(before: &Value, after: &Value, salt: &str) -> Patch {
    let mut builder = PatchBuilder {
        salt,
        patch: Patch::default(),
    };
    builder.value(&PatchPath::default(), before, after);
    builder.patch
}

/// A path, as a JSON pointer and as the dotted path that masking uses.
#[derive(Clone, Default)]
struct PatchPath {
    pointer: String,
    dotted: String,
}

impl PatchPath {
    fn member(&self, key: &str) -> Self {
        let escaped = key.replace('~', "~0").replace('/', "~1");
        Self {
            pointer: format!("{}/{escaped}", self.pointer),
            dotted: format!("{}.{key}", self.dotted),
        }
    }

    fn item(&self, index: usize) -> Self {
        Self {
            pointer: format!("{}/{index}", self.pointer),
            dotted: self.dotted.clone(),
        }
    }
}

struct PatchBuilder<'s> {
    salt: &'s str,
    patch: Patch,
}

impl PatchBuilder<'_> {
    fn value(&mut self, path: &PatchPath, before: &Value, after: &Value) {
        if before == after {
            return;
        }
        match (before, after) {
            (Value::Object(a), Value::Object(b)) => self.object(path, a, b),
            (Value::Array(a), Value::Array(b)) => match (list_keys(a), list_keys(b)) {
                (Some(x), Some(y)) => self.list(path, (a, x), (b, &y)),
                // Items without unique keys cannot be matched.
                _ => self.replace(path, after),
            },
            _ => self.replace(path, after),
        }
    }

    fn object(&mut self, path: &PatchPath, a: &Map<String, Value>, b: &Map<String, Value>) {
        for key in a.keys().filter(|key| !b.contains_key(*key)) {
            self.remove(&path.member(key));
        }
        for (key, value) in b {
            let path = path.member(key);
            match a.get(key) {
                Some(old) => self.value(&path, old, value),
                None => self.add(&path, value),
            }
        }
    }

    /// Transforms a list from front to back; `current` is the list after the operations so far.
    fn list(
        &mut self,
        path: &PatchPath,
        (before, before_keys): (&[Value], Vec<String>),
        (after, after_keys): (&[Value], &[String]),
    ) {
        let mut current: Vec<(String, &Value)> = before_keys.into_iter().zip(before).collect();
        for index in (0..current.len()).rev() {
            if !after_keys.contains(&current[index].0) {
                self.remove(&path.item(index));
                current.remove(index);
            }
        }
        for (index, (key, value)) in after_keys.iter().zip(after).enumerate() {
            let target = path.item(index);
            match current.iter().position(|(existing, _)| existing == key) {
                None => {
                    self.add(&target, value);
                    current.insert(index, (key.clone(), value));
                }
                Some(from) => {
                    if from != index {
                        self.move_item(&path.item(from), &target);
                        let item = current.remove(from);
                        current.insert(index, item);
                    }
                    self.value(&target, current[index].1, value);
                }
            }
        }
    }

    fn add(&mut self, path: &PatchPath, value: &Value) {
        let (path, value) = (path.pointer.clone(), self.masked(path, value));
        self.patch
            .operations
            .push(PatchOperation::Add { path, value });
    }

    fn remove(&mut self, path: &PatchPath) {
        let path = path.pointer.clone();
        self.patch.operations.push(PatchOperation::Remove { path });
    }

    fn replace(&mut self, path: &PatchPath, value: &Value) {
        let (path, value) = (path.pointer.clone(), self.masked(path, value));
        let replace = PatchOperation::Replace { path, value };
        self.patch.operations.push(replace);
    }

    fn move_item(&mut self, from: &PatchPath, to: &PatchPath) {
        self.patch.operations.push(PatchOperation::Move {
            from: from.pointer.clone(),
            path: to.pointer.clone(),
        });
    }

    fn masked(&mut self, path: &PatchPath, value: &Value) -> Value {
        let masked = mask::mask(&path.dotted, value.clone(), self.salt);
        self.patch.masked |= masked != *value;
        masked
    }
}

#[cfg(test)]
mod tests;
