//! Names that are copied into every finding, and only known when a document is read or a guard
//! answers.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Returns a name that is never freed, stored once; `None` if it is not among the first `limit`.
pub(crate) fn intern(name: &str, limit: usize) -> Option<&'static str> {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return Some(known);
    }
    if names.len() >= limit {
        return None;
    }
    let stored: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(stored);
    Some(stored)
}
