//! The probes of an agent, and their evaluation.

use super::{disabled, print};
use crate::domain::{self, NOT_LOADED, PROBE_TIMEOUT_MS};
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    ActiveState, Autostart, ObserveRequest, Probe, ProbeAction, ProbeOutcome, ProbeResult,
    ServiceStatus, SystemInfo,
};
use std::collections::BTreeMap;

pub(crate) fn probes(system: &SystemInfo, label: &str) -> Vec<Probe> {
    let (target, domain) = (domain::target(system, label), domain::domain(system));
    let run = |id: &str, argv: [&str; 3]| Probe::run(id, &argv, BTreeMap::new(), PROBE_TIMEOUT_MS);
    vec![
        run("print", ["launchctl", "print", &target]),
        run("disabled", ["launchctl", "print-disabled", &domain]),
        Probe::new(
            "plist",
            ProbeAction::Stat(domain::plist_path(system, label)),
        ),
    ]
}

pub(crate) fn observe(request: &ObserveRequest) -> Result<ServiceStatus, Error> {
    let label = domain::label(&request.family, &request.name);
    let path = domain::plist_path(&request.system, &label);
    let installed = match ProbeResult::find(&request.results, "plist")? {
        ProbeOutcome::Metadata { .. } => Some(true),
        ProbeOutcome::NotFound => Some(false),
        _ => None,
    };
    let mut status = ServiceStatus {
        supervisor: "launchd".to_owned(),
        installed,
        enabled: enabled(ProbeResult::find(&request.results, "disabled")?, &label),
        fragment_path: (installed == Some(true)).then_some(path),
        unit: label,
        ..ServiceStatus::default()
    };
    match ProbeResult::find(&request.results, "print")? {
        ProbeOutcome::Exited {
            code: Some(0),
            stdout,
            ..
        } => apply_print_output(&mut status, stdout),
        ProbeOutcome::Exited {
            code: Some(code), ..
        } if NOT_LOADED.contains(code) => {
            status.reachable = true;
            status.loaded = Some(false);
            status.active_state = ActiveState::Inactive;
        }
        ProbeOutcome::Exited { stderr, .. } => {
            status.unreachable_reason = Some(stderr.trim().to_owned());
        }
        ProbeOutcome::Unknown(error) => status.unreachable_reason = Some(error.clone()),
        _ => status.unreachable_reason = Some("`launchctl` is not installed".to_owned()),
    }
    status.autostart = match (installed, status.enabled) {
        (Some(true), Some(true)) => Some(Autostart::Login),
        (Some(false), _) | (_, Some(false)) => Some(Autostart::Never),
        _ => None,
    };
    Ok(status)
}

/// The number of automatic restarts is unknown: `runs` includes starts by the user.
fn apply_print_output(status: &mut ServiceStatus, text: &str) {
    let output = print::parse(text);
    status.reachable = true;
    status.loaded = Some(true);
    status.active_state = output.active_state();
    status.pid = output.pid;
    status.sub_state = output.state;
    status.last_exit = output.last_exit;
    status.properties = output.properties;
    let running = matches!(
        status.active_state,
        ActiveState::Active | ActiveState::Activating | ActiveState::Restarting
    );
    status.orphaned = status.installed == Some(false) && running;
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
