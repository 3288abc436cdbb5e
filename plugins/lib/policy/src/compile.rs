//! [`compile`]: from a document to its detectors, within a gateway's limits.

use crate::chain::{Build, Chain, GuardService, Limits};
use crate::decode::port_of;
use crate::kinds::find;
use crate::model::Document;
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
            registration.compile(*kind, block, &mut build);
        }
    }
    check_guard_ports(document, limits, &mut build);
    build.finish()
}

fn check_guard_ports(document: &Document, limits: &Limits, build: &mut Build<'_>) {
    let mut found = Vec::new();
    for guard in build.guards() {
        if let GuardService::Http(http) = &guard.service
            && let Some(port) = port_of(&http.url).filter(|port| !allows(document, limits, *port))
        {
            found.push((format!("policy.{}.url", guard.policy), port));
        }
    }
    for (path, port) in found {
        let message = format!("the gateway does not allow outbound port {port}");
        build.problem(code::PORT, &path, message);
    }
}

/// Returns whether the document and the gateway allow an outbound port.
fn allows(document: &Document, limits: &Limits, port: u16) -> bool {
    let outbound = document.gateway.as_ref().and_then(|g| g.outbound.as_ref());
    let own = outbound.and_then(|outbound| outbound.allowed_ports.as_ref());
    [own, limits.allowed_ports.as_ref()]
        .into_iter()
        .flatten()
        .all(|ports| ports.contains(&port))
}

fn check_ports(document: &Document, limits: &Limits, build: &mut Build<'_>) {
    let targets = document.providers.as_ref().map_or(&[][..], |p| &p.targets);
    for (index, target) in targets.iter().enumerate() {
        let Some(port) = target.effective_base_url().and_then(port_of) else {
            continue;
        };
        if !allows(document, limits, port) {
            let path = format!("providers.targets[{index}].base_url");
            let message = format!("the gateway does not allow upstream port {port}");
            build.problem(code::PORT, &path, message);
        }
    }
}
