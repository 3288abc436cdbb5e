//! `providers`, except its targets.

use super::aliases::default_model;
use super::target;
use super::timeouts::timeouts;
use crate::decode::{Diagnostics, Field, Keys, Mapping, StringEnum, truncate};
use crate::model::{CircuitBreaker, Fallback, Providers, Routing, Strategy, Target};
use crate::problem::code;

pub(super) const KEYS: Keys = Keys {
    known: &[
        "targets",
        "routing",
        "fallback",
        "circuit_breaker",
        "timeouts",
    ],
    unsupported: &["ab_test", "mirroring", "mirror", "model_groups"],
};
pub(super) const ROUTING_KEYS: Keys = Keys {
    known: &["strategy", "order", "default_model"],
    unsupported: &[],
};
pub(super) const FALLBACK_KEYS: Keys = Keys {
    known: &["triggers", "max_fallback_attempts"],
    unsupported: &[],
};
pub(super) const BREAKER_KEYS: Keys = Keys {
    known: &["enabled", "failure_threshold", "cooldown_seconds"],
    unsupported: &["half_open_max_probes"],
};
/// Reads `providers`.
pub(crate) fn decode(root: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<Providers> {
    let mapping = root.mapping("providers", &KEYS, diagnostics)?;
    let targets = target::decode_all(&mapping, diagnostics);
    let routing = routing(&mapping, &targets, diagnostics);
    Some(Providers {
        routing,
        fallback: fallback(&mapping, diagnostics),
        circuit_breaker: breaker(&mapping, diagnostics),
        timeouts: timeouts(&mapping, diagnostics),
        targets,
    })
}

fn routing(
    parent: &Mapping<'_>,
    targets: &[Target],
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Routing> {
    let mapping = parent.mapping("routing", &ROUTING_KEYS, diagnostics)?;
    let strategy: Option<Strategy> = mapping.variant("strategy", diagnostics);
    if strategy == Some(Strategy::Weighted)
        && targets.iter().all(|t| t.weight == Some(0))
        && let Some(field) = mapping.field("strategy", diagnostics)
    {
        field.reject(
            "`weighted` needs a target with a weight above 0".to_owned(),
            diagnostics,
        );
    }
    let order = mapping
        .sequence("order", diagnostics)
        .map(|items| order(&items, targets, diagnostics));
    Some(Routing {
        strategy,
        order,
        default_model: default_model(&mapping, targets, diagnostics),
    })
}

fn order(
    items: &[Field<'_>],
    targets: &[Target],
    diagnostics: &mut Diagnostics<'_>,
) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for item in items {
        let Some(id) = item.string(diagnostics) else {
            continue;
        };
        if ids.contains(&id) {
            let message = format!("`{}` occurs twice in the order", truncate(&id));
            diagnostics.report(code::DUPLICATE, item.location, &item.path, message);
        } else if targets.iter().all(|target| target.id != id) {
            let message = format!("no target has the id `{}`", truncate(&id));
            diagnostics
                .report(code::INVALID_REFERENCE, item.location, &item.path, message)
                .suggest(&id, targets.iter().map(|target| target.id.as_str()));
        }
        ids.push(id);
    }
    ids
}

fn fallback(parent: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<Fallback> {
    let mapping = parent.mapping("fallback", &FALLBACK_KEYS, diagnostics)?;
    Some(Fallback {
        triggers: variants(&mapping, "triggers", diagnostics),
        max_fallback_attempts: mapping.integer("max_fallback_attempts", 0..=10, diagnostics),
    })
}

/// Reads a list of enum values without repetition.
fn variants<E: StringEnum + PartialEq>(
    mapping: &Mapping<'_>,
    key: &str,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Vec<E>> {
    let items = mapping.sequence(key, diagnostics)?;
    let mut variants = Vec::new();
    for item in &items {
        let Some(variant) = item.variant(diagnostics) else {
            continue;
        };
        if variants.contains(&variant) {
            let message = format!("`{}` repeats an earlier item", item.path);
            diagnostics.report(code::DUPLICATE, item.location, &item.path, message);
        }
        variants.push(variant);
    }
    Some(variants)
}

fn breaker(parent: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<CircuitBreaker> {
    let mapping = parent.mapping("circuit_breaker", &BREAKER_KEYS, diagnostics)?;
    Some(CircuitBreaker {
        enabled: mapping.boolean("enabled", diagnostics),
        failure_threshold: mapping.integer("failure_threshold", 1..=1000, diagnostics),
        cooldown_seconds: mapping.integer("cooldown_seconds", 1..=86_400, diagnostics),
    })
}
