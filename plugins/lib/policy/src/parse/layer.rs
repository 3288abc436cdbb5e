//! Layers: a later source over an earlier one.

use super::files::Findings;
use super::node::{Entry, Node, Value};
use crate::problem::code;

/// Merges `over` into `base`: tables merge key by key, everything else,
/// lists included, is replaced. An empty table in a layer changes nothing.
pub(crate) fn merge(base: &mut Node, over: Node) {
    match (&mut base.value, over.value) {
        (Value::Table(into), Value::Table(entries)) => {
            for entry in entries {
                merge_entry(into, entry);
            }
        }
        (Value::Table(_), Value::Null) => {}
        (_, value) => {
            base.value = value;
            base.place = over.place;
        }
    }
}

fn merge_entry(into: &mut Vec<Entry>, entry: Entry) {
    match into.iter_mut().find(|known| known.key == entry.key) {
        Some(known) => {
            merge(&mut known.node, entry.node);
            known.key_place = entry.key_place;
        }
        None => into.push(entry),
    }
}

/// Reports every key that occurs twice in one mapping and keeps the first.
pub(crate) fn reject_duplicates(node: &mut Node, path: &str, findings: &mut Findings<'_>) {
    match &mut node.value {
        Value::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                reject_duplicates(item, &format!("{path}[{index}]"), findings);
            }
        }
        Value::Table(entries) => {
            let mut seen = std::collections::BTreeMap::new();
            entries.retain_mut(|entry| {
                let inner = join(path, &entry.key);
                if let Some(first) = seen.insert(entry.key.clone(), entry.key_place.line) {
                    let message = format!("the key `{}` occurs twice", entry.key);
                    findings
                        .report(code::DUPLICATE_KEY, entry.key_place, &inner, message)
                        .help(format!("it was first set on line {first}; remove one"));
                    seen.insert(entry.key.clone(), first);
                    return false;
                }
                reject_duplicates(&mut entry.node, &inner, findings);
                true
            });
        }
        _ => {}
    }
}

/// `a` and `b` as `a.b`.
pub(crate) fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}
