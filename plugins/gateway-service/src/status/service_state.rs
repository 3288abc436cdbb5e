//! Derives the state of a service from the service manager, the gateway and the
//! configuration, in this order.

use super::inputs::StatusInputs;
use super::parked::ParkedReason;
use super::report::{Severity, StatusReport};
use super::state::ServiceState;
use crate::context::describe_exit;
use kt_plugin_api::service::{ActiveState, ExitKind, ServiceStatus};

/// The number of restarts from which on a further one is a crash loop.
const CRASH_LOOP_RESTARTS: u64 = 3;

/// Evaluates what the service manager reports, and continues with the gateway if the
/// service is active.
pub(super) fn evaluate_supervisor(
    report: &mut StatusReport,
    inputs: &StatusInputs,
) -> ServiceState {
    let observed = match &inputs.supervisor {
        Ok(observed) => observed,
        Err(reason) => {
            report.add(
                Severity::Error,
                "supervisor-unknown",
                reason.message.clone(),
                reason.fix.as_deref(),
            );
            return if inputs.record.is_some() {
                ServiceState::Unknown
            } else {
                ServiceState::NotInstalled
            };
        }
    };
    if inputs.record.is_none() {
        return evaluate_unrecorded(report, observed);
    }
    if observed.masked {
        report.add(
            Severity::Error,
            "masked",
            "the service is masked: the service manager never starts it",
            None,
        );
    }
    match observed.active_state {
        ActiveState::Active => evaluate_gateway(report, inputs, observed),
        ActiveState::Activating => {
            report.add(
                Severity::Error,
                "starting",
                "the service is starting and not ready yet",
                None,
            );
            ServiceState::Unhealthy
        }
        ActiveState::Restarting => evaluate_restarting(report, observed),
        ActiveState::Failed => evaluate_exited(report, inputs, observed, ServiceState::Failed),
        ActiveState::Inactive if observed.installed == Some(false) => {
            report.add(
                Severity::Error,
                "file-missing",
                "the file of the service does not exist",
                Some("kt gateway install"),
            );
            ServiceState::NotInstalled
        }
        // Under a service manager without exit codes a parked service exits with 0.
        ActiveState::Inactive if inputs.parked.is_some() => {
            evaluate_exited(report, inputs, observed, ServiceState::Stopped)
        }
        ActiveState::Inactive | ActiveState::Deactivating => ServiceState::Stopped,
        ActiveState::Unknown => {
            report.add(
                Severity::Error,
                "state-unknown",
                format!(
                    "the service manager reports the state `{}`",
                    observed.sub_state
                ),
                None,
            );
            ServiceState::Unknown
        }
    }
}

/// Evaluates a service whose process has exited; `otherwise` is its state unless it is
/// parked.
fn evaluate_exited(
    report: &mut StatusReport,
    inputs: &StatusInputs,
    observed: &ServiceStatus,
    otherwise: ServiceState,
) -> ServiceState {
    let applies = |parked: &&ParkedReason| match &observed.last_exit {
        // With another exit code the reason is that of an earlier run.
        Some(exit) => {
            exit.kind != ExitKind::Setup
                && exit
                    .code
                    .is_none_or(|code| code == 0 || code == i32::from(parked.exit))
        }
        None => true,
    };
    if let Some(parked) = inputs.parked.as_ref().filter(applies) {
        let fix = parked.hints.first().map(String::as_str);
        let fix = fix.unwrap_or("kt gateway logs, then kt gateway start");
        report.add(Severity::Error, "parked", parked.one_line(), Some(fix));
        return ServiceState::Parked;
    }
    let class = observed.last_exit.as_ref().map(|exit| exit.kind);
    let state = match class {
        Some(ExitKind::Parked) => ServiceState::Parked,
        _ => otherwise,
    };
    add_failure(report, observed, state)
}

fn evaluate_unrecorded(report: &mut StatusReport, observed: &ServiceStatus) -> ServiceState {
    if observed.installed == Some(true) || observed.orphaned {
        let path = observed
            .fragment_path
            .as_ref()
            .map_or_else(String::new, |path| format!(": {}", path.display()));
        report.add(
            Severity::Warn,
            "foreign-unit",
            format!("a service of this name exists that was not installed by this kt{path}"),
            None,
        );
    }
    ServiceState::NotInstalled
}

fn evaluate_restarting(report: &mut StatusReport, observed: &ServiceStatus) -> ServiceState {
    if observed
        .restarts
        .is_some_and(|restarts| restarts >= CRASH_LOOP_RESTARTS)
    {
        return add_failure(report, observed, ServiceState::CrashLooping);
    }
    let exit = observed.last_exit.as_ref().map(describe_exit);
    let message = format!(
        "{}; it is being restarted",
        exit.as_deref().unwrap_or("the service failed")
    );
    report.add(
        Severity::Error,
        "restarting",
        message,
        Some("kt gateway logs"),
    );
    ServiceState::Unhealthy
}

fn add_failure(
    report: &mut StatusReport,
    observed: &ServiceStatus,
    state: ServiceState,
) -> ServiceState {
    let message = match &observed.last_exit {
        Some(exit) => describe_exit(exit),
        None => "the service failed".to_owned(),
    };
    let fix = match state {
        ServiceState::Parked => "kt gateway logs, then kt gateway start",
        _ => "kt gateway logs",
    };
    report.add(Severity::Error, state.name(), message, Some(fix));
    state
}

fn evaluate_gateway(
    report: &mut StatusReport,
    inputs: &StatusInputs,
    observed: &ServiceStatus,
) -> ServiceState {
    let gateway = match &inputs.gateway {
        Ok(gateway) => gateway,
        Err(error) => {
            report.add(
                Severity::Error,
                "gateway-unresponsive",
                format!("the gateway does not respond: {error}"),
                Some("kt gateway logs"),
            );
            return ServiceState::Unhealthy;
        }
    };
    let gateway_pid = gateway.number("/pid");
    if let (Some(gateway_pid), Some(pid)) = (gateway_pid, observed.pid)
        && gateway_pid != u64::from(pid)
    {
        let message =
            format!("process {gateway_pid} serves the gateway, but the service is process {pid}");
        report.add(
            Severity::Error,
            "pid-mismatch",
            message,
            Some("stop the other process"),
        );
        return ServiceState::Unhealthy;
    }
    if inputs.process.owns_port == Some(false) {
        report.add(
            Severity::Error,
            "port-conflict",
            "another process listens on the address of the gateway",
            None,
        );
        return ServiceState::Unhealthy;
    }
    for (flag, code, message) in [
        ("/live", "not-live", "the gateway reports that it is hung"),
        (
            "/ready",
            "not-ready",
            "the gateway reports that it is not ready",
        ),
    ] {
        if gateway.flag(flag) == Some(false) {
            report.add(Severity::Error, code, message, Some("kt gateway logs"));
            return ServiceState::Unhealthy;
        }
    }
    evaluate_configuration(report, inputs)
}

fn evaluate_configuration(report: &mut StatusReport, inputs: &StatusInputs) -> ServiceState {
    if let Err(error) = &inputs.desired {
        report.add(
            Severity::Warn,
            "desired-unknown",
            format!("cannot determine the desired configuration: {error}"),
            None,
        );
    }
    if report.in_sync != Some(false) {
        return ServiceState::Running;
    }
    let gateway = inputs.gateway.as_ref().ok();
    let rejection = gateway.and_then(|g| g.text("/config/last_reload/error"));
    match rejection {
        Some(error) => report.add(
            Severity::Error,
            "config-rejected",
            format!("the desired configuration was rejected: {error}"),
            Some("kt gateway reload --file FILE"),
        ),
        None => report.add(
            Severity::Error,
            "config-differs",
            "the desired configuration is not applied",
            Some("kt gateway reconcile"),
        ),
    }
    ServiceState::Degraded
}
