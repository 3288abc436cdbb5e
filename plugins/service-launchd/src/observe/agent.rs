//! What to look at, and what it comes to.

use super::{disabled, print};
use crate::domain::{self, LOOK_MS, NOT_LOADED};
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    ActiveState, Autostart, ObserveRequest, Probe, ProbeAction, ProbeOutcome, ProbeResult,
    ServiceStatus, SystemInfo,
};
use std::collections::BTreeMap;

pub(crate) fn probes(system: &SystemInfo, label: &str) -> Vec<Probe> {
    let (target, domain) = (domain::target(system, label), domain::domain(system));
    let look = |id: &str, words: [&str; 3]| Probe::run(id, &words, BTreeMap::new(), LOOK_MS);
    vec![
        look("print", ["launchctl", "print", &target]),
        look("disabled", ["launchctl", "print-disabled", &domain]),
        Probe::new(
            "plist",
            ProbeAction::Stat(domain::plist_path(system, label)),
        ),
    ]
}

pub(crate) fn observe(request: &ObserveRequest) -> Result<ServiceStatus, Error> {
    let label = domain::label(&request.family, &request.name);
    let path = domain::plist_path(&request.system, &label);
    let there = match ProbeResult::find(&request.results, "plist")? {
        ProbeOutcome::Metadata { .. } => Some(true),
        ProbeOutcome::NotFound => Some(false),
        _ => None,
    };
    let mut observed = ServiceStatus {
        supervisor: "launchd".to_owned(),
        installed: there,
        enabled: enabled(ProbeResult::find(&request.results, "disabled")?, &label),
        fragment_path: (there == Some(true)).then_some(path),
        unit: label,
        ..ServiceStatus::default()
    };
    match ProbeResult::find(&request.results, "print")? {
        ProbeOutcome::Exited {
            code: Some(0),
            stdout,
            ..
        } => loaded(&mut observed, stdout),
        ProbeOutcome::Exited {
            code: Some(code), ..
        } if NOT_LOADED.contains(code) => {
            observed.reachable = true;
            observed.loaded = Some(false);
            observed.active_state = ActiveState::Inactive;
        }
        ProbeOutcome::Exited { stderr, .. } => {
            observed.unreachable_reason = Some(stderr.trim().to_owned());
        }
        ProbeOutcome::Unknown(why) => observed.unreachable_reason = Some(why.clone()),
        _ => observed.unreachable_reason = Some("`launchctl` is missing".to_owned()),
    }
    observed.autostart = match (there, observed.enabled) {
        (Some(true), Some(true)) => Some(Autostart::Login),
        (Some(false), _) | (_, Some(false)) => Some(Autostart::Never),
        _ => None,
    };
    Ok(observed)
}

/// How often it was started again by itself is not said: `runs` counts a
/// person's starts too.
fn loaded(observed: &mut ServiceStatus, text: &str) {
    let printed = print::read(text);
    observed.reachable = true;
    observed.loaded = Some(true);
    observed.active_state = printed.activity();
    observed.pid = printed.pid;
    observed.sub_state = printed.state;
    observed.last_exit = printed.last_exit;
    observed.properties = printed.raw;
    let goes_on = matches!(
        observed.active_state,
        ActiveState::Active | ActiveState::Activating | ActiveState::Restarting
    );
    observed.orphaned = observed.installed == Some(false) && goes_on;
}

fn enabled(outcome: &ProbeOutcome, label: &str) -> Option<bool> {
    match outcome {
        ProbeOutcome::Exited {
            code: Some(0),
            stdout,
            ..
        } => disabled::enabled(stdout, label),
        _ => None,
    }
}
