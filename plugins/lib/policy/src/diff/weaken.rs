//! Which changes weaken a guard. Rules by path; absent settings count with
//! the value the detectors use for them.

use serde_json::Value;

use super::Op;
use super::compare::Found;

/// Settings that guard when they are on, and are on by default.
const ON_BY_DEFAULT: [&str; 6] = [
    "policy.prompt-injection.encoding.decode_base64",
    "policy.prompt-injection.encoding.normalize_unicode",
    "policy.prompt-injection.encoding.detect_homoglyphs",
    "policy.pii-detector.pci_mode",
    "policy.audit-logger.immutable",
    "policy.audit-logger.log_all_access",
];

/// Settings that guard when they are on, and are off by default.
const OFF_BY_DEFAULT: [&str; 2] = ["gateway.strict", "policy.audit-logger.hipaa_audit_controls"];

/// Lists whose items are guards.
const GUARD_LISTS: [(&str, &str); 5] = [
    ("policies.chain", "a policy leaves the chain"),
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

/// Numbers that guard by being small.
const LIMITS: [&str; 2] = [
    "size_limits.max_body_bytes",
    "size_limits.max_response_bytes",
];

/// Why a change weakens a guard; `None` when it does not. A table that comes
/// or goes is judged by each of its settings.
pub(crate) fn reason(change: &Found) -> Option<String> {
    if let Some(why) = one(change) {
        return Some(why.to_owned());
    }
    let new_policy = change.op == Op::Added
        && change
            .path
            .strip_prefix("policy.")
            .is_some_and(|kind| !kind.contains('.'));
    if new_policy || change.path == "policy" {
        return None;
    }
    settings(change).iter().find_map(reason)
}

/// The settings of a table that is added or removed, one level down.
fn settings(change: &Found) -> Vec<Found> {
    let table = match change.op {
        Op::Added => change.new.as_object(),
        Op::Removed => change.old.as_object(),
        Op::Changed | Op::Moved => None,
    };
    let pairs = table.into_iter().flatten();
    pairs
        .map(|(key, value)| {
            let (old, new) = match change.op {
                Op::Added => (Value::Null, value.clone()),
                _ => (value.clone(), Value::Null),
            };
            Found {
                op: change.op,
                path: format!("{}.{key}", change.path),
                place: None,
                old,
                new,
            }
        })
        .collect()
}

fn one(change: &Found) -> Option<&'static str> {
    whole_block(change)
        .or_else(|| switch(change))
        .or_else(|| action(change))
        .or_else(|| list(change))
        .or_else(|| number(change))
        .or_else(|| upstream(change))
}

fn whole_block(change: &Found) -> Option<&'static str> {
    let path = change.path.as_str();
    let block = path
        .strip_prefix("policy.")
        .is_some_and(|kind| !kind.contains('.'));
    match change.op {
        Op::Removed if path == "policy" => Some("all policy blocks are removed"),
        Op::Removed if block => Some("a policy is removed"),
        _ => None,
    }
}

fn switch(change: &Found) -> Option<&'static str> {
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

/// `block` is stronger than `redact`, `redact` than `log`.
fn action(change: &Found) -> Option<&'static str> {
    let default = match change.path.as_str() {
        "policy.prompt-injection.response.action" => "block",
        "policy.pii-detector.action" | "policy.dlp-filter.action" => "redact",
        _ => return None,
    };
    let strength = |value: &Value| match value.as_str().unwrap_or(default) {
        "block" => 2,
        "redact" => 1,
        _ => 0,
    };
    if strength(&change.new) >= strength(&change.old) {
        return None;
    }
    if strength(&change.new) == 1 {
        return Some("hits are redacted instead of blocked");
    }
    Some("hits are logged instead of blocked")
}

fn list(change: &Found) -> Option<&'static str> {
    let path = change.path.as_str();
    for (name, why) in GUARD_LISTS {
        let Some(rest) = path.strip_prefix(name) else {
            continue;
        };
        let item = rest.starts_with('[');
        match change.op {
            Op::Removed if item || rest.is_empty() => return Some(why),
            // A list whose items repeat is compared as a whole.
            Op::Changed if rest.is_empty() && loses(&change.old, &change.new) => return Some(why),
            _ => {}
        }
    }
    None
}

fn loses(old: &Value, new: &Value) -> bool {
    let (Value::Array(old), Value::Array(new)) = (old, new) else {
        return false;
    };
    old.iter().any(|item| !new.contains(item))
}

fn number(change: &Found) -> Option<&'static str> {
    let path = change.path.as_str();
    if LIMITS.contains(&path) {
        let old = change.old.as_u64().unwrap_or(u64::MAX);
        let new = change.new.as_u64().unwrap_or(u64::MAX);
        return (new > old).then_some("a size limit is raised");
    }
    if path == "policy.audit-logger.retention_days" {
        let days = |value: &Value| value.as_u64().unwrap_or(365);
        return (days(&change.new) < days(&change.old))
            .then_some("audit records are kept for less time");
    }
    None
}

fn upstream(change: &Found) -> Option<&'static str> {
    let path = change.path.as_str();
    if path.starts_with("gateway.outbound.allowed_ports") {
        let item = path.ends_with(']');
        return match change.op {
            Op::Added if item => Some("a further upstream port is allowed"),
            Op::Removed if !item => Some("every upstream port is allowed"),
            Op::Changed if loses(&change.new, &change.old) => {
                Some("a further upstream port is allowed")
            }
            _ => None,
        };
    }
    if path.ends_with(".base_url") && change.op == Op::Changed {
        let old = change.old.as_str().unwrap_or("https://");
        let new = change.new.as_str().unwrap_or("https://");
        let plain = |url: &str| url.to_ascii_lowercase().starts_with("http://");
        return (plain(new) && !plain(old)).then_some("the upstream is reached without encryption");
    }
    None
}
