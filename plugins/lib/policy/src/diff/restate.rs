//! [`restate`]: the target in the notation of the base, so that only differences in meaning remain.

use serde_json::{Map, Value};

use super::defaults::{contains, default_of, is_default, set_key};
use super::endpoint::Endpoint;
use crate::decode::Millis;
use crate::model::{Document, Providers, Target, Timeouts, find_preset};

/// Returns the target as JSON. Whatever means the same as in the base has the notation of the base:
/// defaults, the order of sets, the case of terms, and addresses. The result is equal to the base
/// exactly if both documents have the same meaning.
pub(super) fn restate(base: &Document, target: &Document) -> Value {
    let mut restated = target.clone();
    if let (Some(base), Some(target)) = (&base.providers, &mut restated.providers) {
        restate_providers(base, target);
    }
    restate_value("", &base.to_value(), restated.to_value())
}

fn restate_providers(base: &Providers, target: &mut Providers) {
    restate_order(base, target);
    restate_timeouts(base, target);
    if let (Some(base), Some(target)) = (&base.circuit_breaker, &mut target.circuit_breaker)
        && (base.enabled, target.enabled) == (Some(false), Some(false))
    {
        target.clone_from(base);
    }
    for target in &mut target.targets {
        if let Some(base) = base.targets.iter().find(|other| other.id == target.id) {
            restate_upstream(base, target);
        }
    }
}

fn routing_order(providers: &Providers) -> Vec<&str> {
    let routed = providers.routed();
    routed.into_iter().map(|t| t.id.as_str()).collect()
}

fn explicit_order(providers: &Providers) -> Option<Vec<String>> {
    let routing = providers.routing.as_ref();
    routing.and_then(|routing| routing.order.clone())
}

/// Uses the order of the base: that of the targets unless it is the routing order, and the routing
/// order if it is the same.
fn restate_order(base: &Providers, target: &mut Providers) {
    let order = explicit_order(base);
    let same = routing_order(base) == routing_order(target);
    let unordered = order.is_some() && explicit_order(target).is_some();
    if !same && !unordered {
        return;
    }
    let position = |t: &Target| base.targets.iter().position(|other| other.id == t.id);
    target
        .targets
        .sort_by_key(|t| position(t).unwrap_or(usize::MAX));
    // Without an order, every target is routed.
    let all_routed = target.targets.len() == base.targets.len();
    if same && order.is_some() {
        target.routing.get_or_insert_default().order = order;
    } else if same
        && all_routed
        && let Some(routing) = &mut target.routing
    {
        routing.order = None;
    }
}

type Field = fn(&mut Timeouts) -> &mut Option<Millis>;

/// Uses the timeouts of the base where the effective ones are equal.
fn restate_timeouts(base: &Providers, target: &mut Providers) {
    let fields: [(&str, Field); 4] = [
        ("connect", |t| &mut t.connect),
        ("first_byte", |t| &mut t.first_byte),
        ("idle", |t| &mut t.idle),
        ("total", |t| &mut t.total),
    ];
    for (name, field) in fields {
        let default = default_of(&format!("providers.timeouts.{name}"));
        let default = default.and_then(|value| Millis::parse(value.as_str()?));
        let own = |timeouts: &Option<Timeouts>| *field(&mut timeouts.clone().unwrap_or_default());
        let shared = |p: &Providers| own(&p.timeouts).or(default);
        let (base_shared, target_shared) = (shared(base), shared(target));
        let effective = |t: &Target, shared: Option<Millis>| own(&t.timeouts).or(shared);
        let same = |t: &Target| {
            let other = base.targets.iter().find(|other| other.id == t.id);
            other.is_some_and(|other| effective(other, base_shared) == effective(t, target_shared))
        };
        let all_same =
            base.targets.len() == target.targets.len() && target.targets.iter().all(same);
        if !all_same && base_shared != target_shared {
            continue;
        }
        let same: Vec<bool> = target.targets.iter().map(same).collect();
        set(&mut target.timeouts, &base.timeouts, field);
        for (target, same) in target.targets.iter_mut().zip(same) {
            let other = base.targets.iter().find(|other| other.id == target.id);
            if let Some(other) = other.filter(|_| same) {
                set(&mut target.timeouts, &other.timeouts, field);
            }
        }
    }
}

/// Sets one field to that of `from`.
fn set(timeouts: &mut Option<Timeouts>, from: &Option<Timeouts>, field: Field) {
    let value = from.clone().and_then(|mut from| *field(&mut from));
    if value.is_some() || timeouts.is_some() {
        *field(timeouts.get_or_insert_default()) = value;
    }
}

/// Uses the address and the header of the base if they are the same.
fn restate_upstream(base: &Target, target: &mut Target) {
    if Endpoint::of(base) == Endpoint::of(target) {
        target.base_url.clone_from(&base.base_url);
    }
    let has_credential = base.secret_key_ref.is_some() || target.secret_key_ref.is_some();
    if !has_credential || header(base) == header(target) {
        let same_prefix = !has_credential || prefix(base) == prefix(target);
        target.api_key_header.clone_from(&base.api_key_header);
        if same_prefix {
            target.api_key_prefix.clone_from(&base.api_key_prefix);
        }
    }
}

/// Returns the name of the header with the credential, in lower case.
pub(super) fn header(target: &Target) -> String {
    let default = find_preset(&target.provider).map_or("Authorization", |p| p.api_key_header);
    let header = target.api_key_header.as_deref().unwrap_or(default);
    header.to_ascii_lowercase()
}

fn prefix(target: &Target) -> &str {
    let default = match header(target).as_str() {
        "authorization" => "Bearer",
        _ => "",
    };
    target.api_key_prefix.as_deref().unwrap_or(default)
}

/// Restates a value at a path, in which list items are `[]`.
fn restate_value(path: &str, base: &Value, target: Value) -> Value {
    match (base, target) {
        (Value::Object(base), Value::Object(target)) => {
            Value::Object(restate_object(path, base, target))
        }
        (Value::Array(base), Value::Array(target)) => match set_key(path) {
            Some(key) => Value::Array(restate_set(base, target, key)),
            None => Value::Array(restate_items(path, base, target)),
        },
        (_, target) => target,
    }
}

fn restate_object(
    path: &str,
    base: &Map<String, Value>,
    target: Map<String, Value>,
) -> Map<String, Value> {
    let dot = if path.is_empty() { "" } else { "." };
    let member = |key: &str| format!("{path}{dot}{key}");
    let mut restated = Map::new();
    for (key, value) in base {
        if !target.contains_key(key) && is_default(&member(key), value) {
            restated.insert(key.clone(), value.clone());
        }
    }
    for (key, value) in target {
        let path = member(&key);
        match base.get(&key) {
            Some(base) => {
                restated.insert(key, restate_value(&path, base, value));
            }
            None if is_default(&path, &value) => {}
            None => {
                restated.insert(key, value);
            }
        }
    }
    restated
}

/// Items of both sides come first, in the order and the notation of the base.
fn restate_set(base: &[Value], target: Vec<Value>, key: fn(&Value) -> String) -> Vec<Value> {
    let kept = base.iter().filter(|item| contains(&target, item, key));
    let mut restated: Vec<Value> = kept.cloned().collect();
    for item in target {
        if !contains(&restated, &item, key) {
            restated.push(item);
        }
    }
    restated
}

/// Items are identified by their id; their order has a meaning.
fn restate_items(path: &str, base: &[Value], target: Vec<Value>) -> Vec<Value> {
    let path = format!("{path}[]");
    target
        .into_iter()
        .map(|item| {
            let id = item.get("id").cloned();
            let same = base
                .iter()
                .find(|other| id.is_some() && other.get("id") == id.as_ref());
            match same {
                Some(base) => restate_value(&path, base, item),
                None => item,
            }
        })
        .collect()
}
