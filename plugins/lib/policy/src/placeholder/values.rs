//! [`PlaceholderValues`]: what the placeholders of a request stand for.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::value::SensitiveValue;

/// The values of the placeholders that one request has issued and that its response restores.
/// Their memory is overwritten when they are dropped.
#[derive(Default)]
pub struct PlaceholderValues {
    /// By the name in capitals.
    values: BTreeMap<String, Issued>,
    longest: usize,
}

/// A placeholder.
struct Issued {
    /// The name as it was issued, without brackets.
    name: String,
    value: SensitiveValue,
}

impl PlaceholderValues {
    pub(super) fn insert(&mut self, name: String, value: SensitiveValue) {
        self.longest = self.longest.max(name.len());
        let key = name.to_ascii_uppercase();
        self.values.insert(key, Issued { name, value });
    }

    /// Whether there is nothing to restore.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The length of the longest name.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// Returns the value of a name in whatever case, or only as it was issued.
    pub(super) fn get(&self, name: &str, exact: bool) -> Option<&str> {
        let issued = self.values.get(&name.to_ascii_uppercase())?;
        (!exact || issued.name == name).then(|| issued.value.as_str())
    }

    /// Whether a name begins so.
    pub(super) fn may_become(&self, prefix: &str, exact: bool) -> bool {
        let key = prefix.to_ascii_uppercase();
        let from = (Bound::Included(key.as_str()), Bound::Unbounded);
        // All names have the same suffix, so that the first one stands for all.
        let first = self.values.range::<str, _>(from).next();
        first.is_some_and(|(known, issued)| {
            known.starts_with(&key) && (!exact || issued.name.starts_with(prefix))
        })
    }
}

impl std::fmt::Debug for PlaceholderValues {
    /// Without the values, which must not reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlaceholderValues")
            .field("count", &self.values.len())
            .finish_non_exhaustive()
    }
}
