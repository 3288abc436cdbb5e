//! Merging of layered sources.

use std::collections::BTreeMap;

use super::diagnostics::{Diagnostics, truncate};
use super::node::{Entry, Node, NodeKind};
use crate::problem::code;

/// Merges `over` into `base`: mappings are merged key by key, everything else, including lists,
/// is replaced. An empty mapping in a layer changes nothing.
pub(crate) fn merge(base: &mut Node, over: Node) {
    match (&mut base.kind, over.kind) {
        (NodeKind::Mapping(into), NodeKind::Mapping(entries)) => {
            for entry in entries {
                merge_entry(into, entry);
            }
        }
        (NodeKind::Mapping(_), NodeKind::Null) => {}
        (_, kind) => {
            base.kind = kind;
            base.location = over.location;
        }
    }
}

fn merge_entry(into: &mut Vec<Entry>, entry: Entry) {
    match into.iter_mut().find(|existing| existing.key == entry.key) {
        Some(existing) => {
            merge(&mut existing.node, entry.node);
            existing.key_location = entry.key_location;
        }
        None => into.push(entry),
    }
}

/// Reports every key that occurs twice in a mapping, and keeps the first entry.
pub(crate) fn reject_duplicates(node: &mut Node, path: &str, diagnostics: &mut Diagnostics<'_>) {
    match &mut node.kind {
        NodeKind::Sequence(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                reject_duplicates(item, &format!("{path}[{index}]"), diagnostics);
            }
        }
        NodeKind::Mapping(entries) => {
            let mut seen = BTreeMap::new();
            entries.retain_mut(|entry| {
                let inner = join_path(path, &entry.key);
                if let Some(first) = seen.insert(entry.key.clone(), entry.key_location.line) {
                    let message = format!("the key `{}` occurs twice", truncate(&entry.key));
                    diagnostics
                        .report(code::DUPLICATE_KEY, entry.key_location, &inner, message)
                        .help(format!(
                            "it is already set on line {first}; remove one of them"
                        ));
                    seen.insert(entry.key.clone(), first);
                    return false;
                }
                reject_duplicates(&mut entry.node, &inner, diagnostics);
                true
            });
        }
        _ => {}
    }
}

/// Joins `a` and `b` to `a.b`.
pub(crate) fn join_path(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}
