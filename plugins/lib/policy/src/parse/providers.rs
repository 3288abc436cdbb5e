//! `providers`, except its targets.

use super::aliases::default_model;
use super::target;
use crate::decode::{Diagnostics, Field, Keys, Mapping, truncate};
use crate::model::{Providers, Routing, Strategy, Target};
use crate::problem::code;
use crate::settings::group;

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

/// Reads `providers`.
pub(crate) fn decode(root: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<Providers> {
    let mapping = root.mapping("providers", &KEYS, diagnostics)?;
    let targets = target::decode_all(&mapping, diagnostics);
    let routing = routing(&mapping, &targets, diagnostics);
    Some(Providers {
        routing,
        fallback: group().decode(&mapping, "fallback", diagnostics),
        circuit_breaker: group().decode(&mapping, "circuit_breaker", diagnostics),
        timeouts: group().decode(&mapping, "timeouts", diagnostics),
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
