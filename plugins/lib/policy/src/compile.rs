//! [`compile`]: from a document to its detectors, within a gateway's limits.

use crate::chain::{Build, Chain, Limits};
use crate::kinds::find;
use crate::model::Document;
use crate::parse::url::port_of;
use crate::problem::{Problems, code};

/// Builds the detectors of a document.
///
/// # Errors
///
/// The [`Problems`] that only a gateway can know, each with its place: `E017`
/// for a pattern whose automaton is too big, `E018` for an upstream port that
/// is not allowed, `E019` for a pattern that can never match.
pub fn compile(document: &Document, limits: &Limits) -> Result<Chain, Problems> {
    let mut build = Build::new(document, limits);
    check_ports(document, limits, &mut build);
    let enabled = document.pack.enabled.then_some(&document.chain);
    for kind in enabled.into_iter().flatten() {
        let block = document.policy.block(*kind);
        if let Some((registration, block)) = find(kind.as_str()).zip(block) {
            registration.compile(block, &mut build);
        }
    }
    build.finish()
}

fn check_ports(document: &Document, limits: &Limits, build: &mut Build<'_>) {
    let outbound = document.gateway.as_ref().and_then(|g| g.outbound.as_ref());
    let own = outbound.and_then(|outbound| outbound.allowed_ports.as_ref());
    let targets = document.providers.as_ref().map_or(&[][..], |p| &p.targets);
    for (index, target) in targets.iter().enumerate() {
        let Some(port) = target.effective_base_url().and_then(port_of) else {
            continue;
        };
        let allowed = [own, limits.allowed_ports.as_ref()]
            .into_iter()
            .flatten()
            .all(|ports| ports.contains(&port));
        if !allowed {
            let path = format!("providers.targets[{index}].base_url");
            let message = format!("the gateway does not allow upstream port {port}");
            build.problem(code::PORT, &path, message);
        }
    }
}
