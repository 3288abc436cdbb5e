//! The keys that identify the items of a list, so that two lists can be compared item by item.

use serde_json::Value;

/// Returns the key of each item: `id=…` of objects, otherwise the string or number itself. `None`
/// if an item has no key, or the keys are not unique.
pub(super) fn list_keys(items: &[Value]) -> Option<Vec<String>> {
    let keys: Option<Vec<String>> = items.iter().map(list_key).collect();
    let keys = keys?;
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    sorted.dedup();
    (sorted.len() == keys.len()).then_some(keys)
}

/// Returns the index of the item with a key.
pub(super) fn position(items: &[Value], key: &str) -> Option<usize> {
    items
        .iter()
        .position(|item| list_key(item).as_deref() == Some(key))
}

fn list_key(item: &Value) -> Option<String> {
    match item {
        Value::Object(object) => Some(format!("id={}", object.get("id")?.as_str()?)),
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
