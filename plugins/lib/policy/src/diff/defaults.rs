//! The defaults of settings by path, and the lists whose order has no meaning.
//!
//! Defaults that depend on another setting, such as the address of a provider, are in `restate`.

use serde_json::{Value, json};

use crate::kinds::declaration;
use crate::model::defaults::{STRATEGY, WEIGHT};
use crate::model::section_declaration;
use crate::settings::Declaration;

/// Returns the declaration of the setting at a path.
pub(super) fn declared(path: &str) -> Option<&'static Declaration> {
    declaration(path).or_else(|| section_declaration(path))
}

/// Returns the default of the setting at a path, in which list items are `[]`; `None` if an absent
/// setting means something else than every value.
pub(super) fn default_of(path: &str) -> Option<Value> {
    if let Some(setting) = declared(path) {
        return setting.default.clone();
    }
    Some(match path {
        "providers.targets[].zdr"
        | "providers.targets[].data_policy.zero_data_retention"
        | "providers.targets[].data_policy.training_opt_out" => json!(false),
        "providers.targets" => json!([]),
        "providers.targets[].weight" => json!(WEIGHT),
        "providers.targets[].data_collection" => json!("allow"),
        "providers.routing.strategy" => json!(STRATEGY),
        _ => return None,
    })
}

/// Whether a value means the same as its absence. A mapping does if each of its settings does,
/// except for the block of a policy, which the chain may require.
pub(super) fn is_default(path: &str, value: &Value) -> bool {
    match value {
        Value::Object(_) if is_policy_block(path) => false,
        Value::Object(map) => map
            .iter()
            .all(|(key, value)| is_default(&format!("{path}.{key}"), value)),
        Value::Array(items) => match (default_of(path), set_key(path)) {
            (Some(Value::Array(default)), Some(key)) => {
                items.iter().all(|item| contains(&default, item, key))
                    && default.iter().all(|item| contains(items, item, key))
            }
            (default, _) => default.as_ref() == Some(value),
        },
        scalar => default_of(path).as_ref() == Some(scalar),
    }
}

/// Whether a list contains an item, which is compared by its key.
pub(super) fn contains(items: &[Value], item: &Value, key: fn(&Value) -> String) -> bool {
    items.iter().any(|other| key(other) == key(item))
}

pub(super) fn is_policy_block(path: &str) -> bool {
    path.strip_prefix("policy.")
        .is_some_and(|kind| !kind.contains('.'))
}

/// Returns how the items of a list are compared, if neither their order nor repetitions have a
/// meaning.
pub(super) fn set_key(path: &str) -> Option<fn(&Value) -> String> {
    if let Some(setting) = declared(path) {
        return setting.identity;
    }
    match path {
        "providers.targets[].aliases" => Some(Value::to_string),
        _ => None,
    }
}
