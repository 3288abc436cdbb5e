//! Changes that weaken a guard, by path. Absent settings count as the default of the detectors.

use serde_json::Value;

use super::change::ChangeKind;
use super::compare::UnmaskedChange;
use super::defaults::default_of;
use crate::model::defaults::RETENTION_DAYS;

/// Protective switches that are on by default.
const ON_BY_DEFAULT: [&str; 5] = [
    "policy.prompt-injection.encoding.decode_base64",
    "policy.prompt-injection.encoding.normalize_unicode",
    "policy.prompt-injection.encoding.detect_homoglyphs",
    "policy.pii-detector.pci_mode",
    "policy.audit-logger.log_all_access",
];

/// Protective switches that are off by default.
const OFF_BY_DEFAULT: [&str; 1] = ["gateway.strict"];

/// Lists whose items are guards, with the reason if one is removed.
const GUARD_LISTS: [(&str, &str); 5] = [
    ("policies.chain", "a policy is removed from the chain"),
    (
        "policy.dlp-filter.blocked_terms",
        "a blocked term is removed",
    ),
    ("policy.dlp-filter.detect_patterns", "a pattern is removed"),
    (
        "policy.pii-detector.detect_patterns",
        "a pattern is removed",
    ),
    (
        "policy.prompt-injection.detection.attack_patterns",
        "a pattern is removed",
    ),
];

/// The settings that select what happens to a match.
const ACTIONS: [&str; 3] = [
    "policy.prompt-injection.response.action",
    "policy.pii-detector.action",
    "policy.dlp-filter.action",
];

/// Limits: a higher value is weaker.
const LIMITS: [&str; 2] = [
    "size_limits.max_body_bytes",
    "size_limits.max_response_bytes",
];

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
        .or_else(|| switch(change))
        .or_else(|| action(change))
        .or_else(|| list(change))
        .or_else(|| number(change))
        .or_else(|| ports(change))
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

fn switch(change: &UnmaskedChange) -> Option<&'static str> {
    let path = change.path.as_str();
    if path == "pack.enabled" {
        return (change.new == Value::Bool(false))
            .then_some("the pack is disabled: no policy is enforced");
    }
    let default = if ON_BY_DEFAULT.contains(&path) {
        true
    } else if OFF_BY_DEFAULT.contains(&path) {
        false
    } else {
        return None;
    };
    let on = |value: &Value| value.as_bool().unwrap_or(default);
    (on(&change.old) && !on(&change.new)).then_some("a guard is switched off")
}

/// `block` is stricter than `redact`, `redact` is stricter than `log`.
fn action(change: &UnmaskedChange) -> Option<&'static str> {
    let path = change.path.as_str();
    if !ACTIONS.contains(&path) {
        return None;
    }
    let default = default_of(path)?;
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
    Some("matches are logged instead of blocked")
}

fn list(change: &UnmaskedChange) -> Option<&'static str> {
    let path = change.path.as_str();
    for (name, reason) in GUARD_LISTS {
        let Some(rest) = path.strip_prefix(name) else {
            continue;
        };
        let item = rest.starts_with('[');
        match change.kind {
            ChangeKind::Removed if item || rest.is_empty() => return Some(reason),
            // A list whose items repeat is compared as a whole.
            ChangeKind::Changed if rest.is_empty() && removes_item(&change.old, &change.new) => {
                return Some(reason);
            }
            _ => {}
        }
    }
    None
}

fn removes_item(old: &Value, new: &Value) -> bool {
    let (Value::Array(old), Value::Array(new)) = (old, new) else {
        return false;
    };
    old.iter().any(|item| !new.contains(item))
}

fn number(change: &UnmaskedChange) -> Option<&'static str> {
    let path = change.path.as_str();
    if LIMITS.contains(&path) {
        let default = default_of(path);
        let limit = |value: &Value| value.as_u64().or(default.as_ref()?.as_u64());
        return (limit(&change.new) > limit(&change.old)).then_some("a size limit is raised");
    }
    if path == "policy.audit-logger.retention_days" {
        let days = |value: &Value| value.as_u64().unwrap_or(RETENTION_DAYS);
        return (days(&change.new) < days(&change.old))
            .then_some("audit records are kept for less time");
    }
    None
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
