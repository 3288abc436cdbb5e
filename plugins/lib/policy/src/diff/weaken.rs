//! Changes that weaken a guard, by path. Absent settings count as the default of the detectors.

use serde_json::Value;

use super::change::ChangeKind;
use super::compare::UnmaskedChange;
use super::defaults::declared;
use crate::settings::Weaker;

/// Returns the reason why a change weakens a guard; `None` if it does not. A mapping that is added
/// or removed is judged by each of its settings.
pub(super) fn weakening_reason(change: &UnmaskedChange) -> Option<String> {
    if let Some(reason) = setting_reason(change) {
        return Some(reason.to_owned());
    }
    let new_policy = change.kind == ChangeKind::Added
        && change
            .path
            .strip_prefix("policy.")
            .is_some_and(|kind| !kind.contains('.'));
    if new_policy || change.path == "policy" {
        return None;
    }
    settings(change).iter().find_map(weakening_reason)
}

/// Returns the settings of a mapping that is added or removed, one level down.
fn settings(change: &UnmaskedChange) -> Vec<UnmaskedChange> {
    let object = match change.kind {
        ChangeKind::Added => change.new.as_object(),
        ChangeKind::Removed => change.old.as_object(),
        ChangeKind::Changed | ChangeKind::Moved => None,
    };
    let members = object.into_iter().flatten();
    members
        .map(|(key, value)| {
            let (old, new) = match change.kind {
                ChangeKind::Added => (Value::Null, value.clone()),
                _ => (value.clone(), Value::Null),
            };
            UnmaskedChange {
                kind: change.kind,
                path: format!("{}.{key}", change.path),
                steps: Vec::new(),
                old,
                new,
            }
        })
        .collect()
}

fn setting_reason(change: &UnmaskedChange) -> Option<&'static str> {
    whole_block(change)
        .or_else(|| pack(change))
        .or_else(|| setting(change))
        .or_else(|| ports(change))
}

/// A setting, by its declaration.
fn setting(change: &UnmaskedChange) -> Option<&'static str> {
    let (list, item) = match change.path.split_once('[') {
        Some((list, _)) => (list, true),
        None => (change.path.as_str(), false),
    };
    if list == "policies.chain" {
        return removed(change, item, "a policy is removed from the chain");
    }
    let setting = declared(list)?;
    let default = setting.default.as_ref();
    match setting.weaker? {
        Weaker::Off => switched_off(change, default?.as_bool()?),
        Weaker::On(reason) => {
            let on = |value: &Value| value.as_bool().or(default?.as_bool());
            (on(&change.new) == Some(true) && on(&change.old) != Some(true)).then_some(reason)
        }
        Weaker::Action => action(change, default?),
        Weaker::Streaming => streaming(change, default?),
        Weaker::Lower(reason) => {
            let number = |value: &Value| value.as_u64().or(default?.as_u64());
            (number(&change.new) < number(&change.old)).then_some(reason)
        }
        Weaker::Higher(reason) => {
            // Without a default, no number means no bound.
            let default = default.and_then(Value::as_u64).unwrap_or(u64::MAX);
            let number = |value: &Value| value.as_u64().unwrap_or(default);
            (number(&change.new) > number(&change.old)).then_some(reason)
        }
        Weaker::Added(reason) => added(change, item, reason),
        Weaker::To(word, reason) => {
            let is = |value: &Value| {
                let value = if value.is_null() { default? } else { value };
                Some(match value {
                    Value::Bool(value) => *value == (word == "true"),
                    value => value.as_str() == Some(word),
                })
            };
            (is(&change.new)? && !is(&change.old)?).then_some(reason)
        }
        Weaker::Removed(reason) => removed(change, item, reason),
    }
}

fn whole_block(change: &UnmaskedChange) -> Option<&'static str> {
    let path = change.path.as_str();
    let block = path
        .strip_prefix("policy.")
        .is_some_and(|kind| !kind.contains('.'));
    match change.kind {
        ChangeKind::Removed if path == "policy" => Some("all policy blocks are removed"),
        ChangeKind::Removed if block => Some("a policy is removed"),
        _ => None,
    }
}

fn pack(change: &UnmaskedChange) -> Option<&'static str> {
    let disabled = change.path == "pack.enabled" && change.new == Value::Bool(false);
    disabled.then_some("the pack is disabled: no policy is enforced")
}

fn switched_off(change: &UnmaskedChange, default: bool) -> Option<&'static str> {
    let on = |value: &Value| value.as_bool().unwrap_or(default);
    (on(&change.old) && !on(&change.new)).then_some("a guard is switched off")
}

/// `block` is stricter than `redact`, `redact` is stricter than `log` and `warn`.
fn action(change: &UnmaskedChange, default: &Value) -> Option<&'static str> {
    let strength = |value: &Value| match value.as_str().or(default.as_str()) {
        Some("block") => 2,
        Some("redact") => 1,
        _ => 0,
    };
    if strength(&change.new) >= strength(&change.old) {
        return None;
    }
    if strength(&change.new) == 1 {
        return Some("matches are redacted instead of blocked");
    }
    if change.new == "warn" {
        return Some("requests are sent on with a finding instead of blocked");
    }
    Some("matches are logged instead of blocked")
}

/// `strict` holds more of a stream than `fluent`.
fn streaming(change: &UnmaskedChange, default: &Value) -> Option<&'static str> {
    let strict = |value: &Value| value.as_str().or(default.as_str()) == Some("strict");
    (strict(&change.old) && !strict(&change.new))
        .then_some("words of a stream can leave before it is known that they are part of a match")
}

/// An item of a list, or the list, is removed.
fn removed(change: &UnmaskedChange, item: bool, reason: &'static str) -> Option<&'static str> {
    match change.kind {
        ChangeKind::Removed => Some(reason),
        // A list whose items repeat is compared as a whole.
        ChangeKind::Changed if !item => removes_item(&change.old, &change.new).then_some(reason),
        _ => None,
    }
}

/// An item of a list is added.
fn added(change: &UnmaskedChange, item: bool, reason: &'static str) -> Option<&'static str> {
    match change.kind {
        ChangeKind::Added if item => Some(reason),
        ChangeKind::Changed if item || removes_item(&change.new, &change.old) => Some(reason),
        _ => None,
    }
}

fn removes_item(old: &Value, new: &Value) -> bool {
    let (Value::Array(old), Value::Array(new)) = (old, new) else {
        return false;
    };
    old.iter().any(|item| !new.contains(item))
}

fn ports(change: &UnmaskedChange) -> Option<&'static str> {
    let path = change.path.as_str();
    if path.starts_with("gateway.outbound.allowed_ports") {
        let item = path.ends_with(']');
        return match change.kind {
            ChangeKind::Added if item => Some("another upstream port is allowed"),
            ChangeKind::Removed if !item => Some("every upstream port is allowed"),
            ChangeKind::Changed if removes_item(&change.new, &change.old) => {
                Some("another upstream port is allowed")
            }
            _ => None,
        };
    }
    None
}
