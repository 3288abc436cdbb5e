//! `providers` without its targets.

use super::field::{Field, Keys, Table};
use super::files::Findings;
use super::target;
use crate::model::{
    CircuitBreaker, Fallback, Providers, Routing, Strategy, Target, Timeouts, Word,
};
use crate::problem::code;

const KEYS: Keys = Keys {
    known: &[
        "targets",
        "routing",
        "fallback",
        "circuit_breaker",
        "timeouts",
    ],
    unsupported: &["ab_test", "mirroring", "mirror", "model_groups"],
};
const ROUTING_KEYS: Keys = Keys {
    known: &["strategy", "order"],
    unsupported: &[],
};
const FALLBACK_KEYS: Keys = Keys {
    known: &["triggers", "max_fallback_attempts"],
    unsupported: &[],
};
const BREAKER_KEYS: Keys = Keys {
    known: &["enabled", "failure_threshold", "cooldown_seconds"],
    unsupported: &["half_open_max_probes"],
};
const TIMEOUT_KEYS: Keys = Keys {
    known: &["connect", "first_byte", "idle", "total"],
    unsupported: &[],
};

/// Reads `providers`.
pub(crate) fn decode(root: &Table<'_>, findings: &mut Findings<'_>) -> Option<Providers> {
    let table = root.table("providers", &KEYS, findings)?;
    let targets = target::decode_all(&table, findings);
    let routing = routing(&table, &targets, findings);
    Some(Providers {
        routing,
        fallback: fallback(&table, findings),
        circuit_breaker: breaker(&table, findings),
        timeouts: timeouts(&table, findings),
        targets,
    })
}

fn routing(parent: &Table<'_>, targets: &[Target], findings: &mut Findings<'_>) -> Option<Routing> {
    let table = parent.table("routing", &ROUTING_KEYS, findings)?;
    let strategy: Option<Strategy> = table.word("strategy", findings);
    if strategy == Some(Strategy::Weighted)
        && targets.iter().all(|t| t.weight == Some(0))
        && let Some(field) = table.field("strategy", findings)
    {
        field.reject(
            "`weighted` needs a target with a weight above 0".to_owned(),
            findings,
        );
    }
    let order = table
        .list("order", findings)
        .map(|items| order(&items, targets, findings));
    Some(Routing { strategy, order })
}

fn order(items: &[Field<'_>], targets: &[Target], findings: &mut Findings<'_>) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for item in items {
        let Some(id) = item.text(findings) else {
            continue;
        };
        if ids.contains(&id) {
            let message = format!("`{id}` occurs twice in the order");
            findings.report(code::DUPLICATE, item.at, &item.path, message);
        } else if targets.iter().all(|target| target.id != id) {
            let message = format!("no target has the id `{}`", super::scalar::crop(&id));
            findings
                .report(code::BAD_REFERENCE, item.at, &item.path, message)
                .suggest(&id, targets.iter().map(|target| target.id.as_str()));
        }
        ids.push(id);
    }
    ids
}

fn fallback(parent: &Table<'_>, findings: &mut Findings<'_>) -> Option<Fallback> {
    let table = parent.table("fallback", &FALLBACK_KEYS, findings)?;
    Some(Fallback {
        triggers: words(&table, "triggers", findings),
        max_fallback_attempts: table.integer("max_fallback_attempts", 0..=10, findings),
    })
}

/// A list of words without repetition.
fn words<W: Word + PartialEq>(
    table: &Table<'_>,
    key: &str,
    findings: &mut Findings<'_>,
) -> Option<Vec<W>> {
    let items = table.list(key, findings)?;
    let mut found = Vec::new();
    for item in &items {
        let Some(word) = item.word(findings) else {
            continue;
        };
        if found.contains(&word) {
            let message = format!("`{}` repeats an earlier item", item.path);
            findings.report(code::DUPLICATE, item.at, &item.path, message);
        }
        found.push(word);
    }
    Some(found)
}

fn breaker(parent: &Table<'_>, findings: &mut Findings<'_>) -> Option<CircuitBreaker> {
    let table = parent.table("circuit_breaker", &BREAKER_KEYS, findings)?;
    Some(CircuitBreaker {
        enabled: table.flag("enabled", findings),
        failure_threshold: table.integer("failure_threshold", 1..=1000, findings),
        cooldown_seconds: table.integer("cooldown_seconds", 1..=86_400, findings),
    })
}

/// Reads `timeouts`, of all targets or of one.
pub(crate) fn timeouts(parent: &Table<'_>, findings: &mut Findings<'_>) -> Option<Timeouts> {
    let table = parent.table("timeouts", &TIMEOUT_KEYS, findings)?;
    Some(Timeouts {
        connect: table.duration("connect", findings),
        first_byte: table.duration("first_byte", findings),
        idle: table.duration("idle", findings),
        total: table.duration("total", findings),
    })
}
