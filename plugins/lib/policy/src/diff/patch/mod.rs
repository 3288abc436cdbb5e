//! The change as a JSON patch (RFC 6902): what turns one canonical form into
//! the other when its operations are applied in order.

use serde::Serialize;
use serde_json::{Map, Value};

use super::compare::labels;
use super::mask;

/// One operation of RFC 6902; paths are JSON pointers (RFC 6901).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Operation {
    /// A value appears; in a list it pushes later ones back.
    Add {
        /// Where.
        path: String,
        /// The value.
        value: Value,
    },
    /// A value goes.
    Remove {
        /// Where.
        path: String,
    },
    /// A value takes the place of another.
    Replace {
        /// Where.
        path: String,
        /// The new value.
        value: Value,
    },
    /// An item of a list gets another place.
    Move {
        /// Where it was.
        from: String,
        /// Where it is once it was taken out.
        path: String,
    },
}

/// A whole patch. Serialises as the plain list, which is the document of
/// RFC 6902.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Patch {
    /// The operations, in the order in which they must be applied.
    pub operations: Vec<Operation>,
    /// Whether a value was replaced by its mask: the result of applying the
    /// patch is then the target but for the masked values.
    #[serde(skip)]
    pub masked: bool,
}

/// The patch from `before` to `after`. It is found before anything is masked,
/// so that no change is lost where two masks are alike.
pub(crate) fn patch(before: &Value, after: &Value, salt: &str) -> Patch {
    let mut walk = Walk {
        salt,
        patch: Patch::default(),
    };
    walk.value(&At::default(), before, after);
    walk.patch
}

/// A place, as a pointer and as the dotted path that masking knows.
#[derive(Clone, Default)]
struct At {
    pointer: String,
    dotted: String,
}

impl At {
    fn key(&self, key: &str) -> Self {
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

struct Walk<'s> {
    salt: &'s str,
    patch: Patch,
}

impl Walk<'_> {
    fn value(&mut self, at: &At, before: &Value, after: &Value) {
        if before == after {
            return;
        }
        match (before, after) {
            (Value::Object(a), Value::Object(b)) => self.table(at, a, b),
            (Value::Array(a), Value::Array(b)) => match (labels(a), labels(b)) {
                (Some(x), Some(y)) => self.list(at, (a, x), (b, &y)),
                // Without keys there is no telling which item became which.
                _ => self.replace(at, after),
            },
            _ => self.replace(at, after),
        }
    }

    fn table(&mut self, at: &At, a: &Map<String, Value>, b: &Map<String, Value>) {
        for key in a.keys().filter(|key| !b.contains_key(*key)) {
            self.remove(&at.key(key));
        }
        for (key, value) in b {
            let at = at.key(key);
            match a.get(key) {
                Some(old) => self.value(&at, old, value),
                None => self.add(&at, value),
            }
        }
    }

    /// Makes the list what it shall be, from the front to the back: `now` is
    /// what the operations so far have made of it.
    fn list(&mut self, at: &At, (a, x): (&[Value], Vec<String>), (b, y): (&[Value], &[String])) {
        let mut now: Vec<(String, &Value)> = x.into_iter().zip(a).collect();
        for index in (0..now.len()).rev() {
            if !y.contains(&now[index].0) {
                self.remove(&at.item(index));
                now.remove(index);
            }
        }
        for (index, (label, value)) in y.iter().zip(b).enumerate() {
            let place = at.item(index);
            match now.iter().position(|(known, _)| known == label) {
                None => {
                    self.add(&place, value);
                    now.insert(index, (label.clone(), value));
                }
                Some(from) => {
                    if from != index {
                        self.shift(&at.item(from), &place);
                        let item = now.remove(from);
                        now.insert(index, item);
                    }
                    self.value(&place, now[index].1, value);
                }
            }
        }
    }

    fn add(&mut self, at: &At, value: &Value) {
        let (path, value) = (at.pointer.clone(), self.masked(at, value));
        self.patch.operations.push(Operation::Add { path, value });
    }

    fn remove(&mut self, at: &At) {
        let path = at.pointer.clone();
        self.patch.operations.push(Operation::Remove { path });
    }

    fn replace(&mut self, at: &At, value: &Value) {
        let (path, value) = (at.pointer.clone(), self.masked(at, value));
        let replace = Operation::Replace { path, value };
        self.patch.operations.push(replace);
    }

    fn shift(&mut self, from: &At, to: &At) {
        self.patch.operations.push(Operation::Move {
            from: from.pointer.clone(),
            path: to.pointer.clone(),
        });
    }

    fn masked(&mut self, at: &At, value: &Value) -> Value {
        let masked = mask::mask(&at.dotted, value.clone(), self.salt);
        self.patch.masked |= masked != *value;
        masked
    }
}

#[cfg(test)]
mod tests;
