//! Problems that do not change the state of a service.

use super::inputs::StatusInputs;
use super::report::{Severity, StatusReport};
use crate::record::{FileState, Phase};
use kt_plugin_api::service::Autostart;

/// Adds the problems that do not change the state.
pub(super) fn add_warnings(report: &mut StatusReport, inputs: &StatusInputs) {
    use Severity::{Info, Warn};
    let orphan = inputs.supervisor.as_ref().is_ok_and(|o| o.orphaned);
    match inputs.artifact.as_ref().map(|a| a.state) {
        Some(FileState::Drifted) => report.add(
            Warn,
            "drifted",
            "the file of the service was edited",
            Some("kt gateway install --refresh --adopt"),
        ),
        Some(FileState::Outdated) => report.add(
            Info,
            "outdated",
            "the file of the service differs from what this kt would write",
            Some("kt gateway install --refresh"),
        ),
        // The missing file of an orphan is reported below, that of a stopped service
        // already is.
        Some(FileState::Missing) if report.has("file-missing") || orphan => {}
        Some(FileState::Missing) => report.add(
            Warn,
            "file-missing",
            "the file of the service does not exist",
            Some("kt gateway install"),
        ),
        Some(FileState::Foreign) => report.add(
            Warn,
            "foreign-unit",
            "the file of the service was not written by this kt",
            None,
        ),
        Some(FileState::Current) | None => {}
    }
    add_binary_warning(report, inputs);
    if let Ok(instance) = &inputs.gateway
        && instance.at("/halt").is_some()
    {
        let reason = instance.text("/halt/reason").unwrap_or("no reason");
        let message = format!("the gateway is halted, and refuses every request: {reason}");
        report.add(Warn, "halted", message, Some("kt gateway unhalt"));
    }
    let (Some(record), Ok(observed)) = (&inputs.record, &inputs.supervisor) else {
        return;
    };
    let interrupted = match record.phase {
        Phase::Installed => None,
        Phase::Installing => Some(("an installation was interrupted", "kt gateway install")),
        Phase::Removing => Some(("the removal was interrupted", "kt gateway uninstall")),
    };
    if let Some((message, fix)) = interrupted {
        report.add(Warn, "incomplete", message, Some(fix));
    }
    if record.restart_pending && observed.pid.is_some() {
        report.add(
            Warn,
            "restart-pending",
            "the process was started before the last change of the service",
            Some("kt gateway restart"),
        );
    }
    if let Some(error) = &record.sandbox_error {
        let message = format!("the strict sandbox does not work here: {error}");
        report.add(Info, "sandbox-base", message, None);
    }
    if observed.orphaned {
        report.add(
            Warn,
            "orphan",
            "the service is running, but its file does not exist",
            Some("kt gateway install"),
        );
    }
    if observed.needs_reload {
        report.add(
            Warn,
            "needs-daemon-reload",
            "the file changed since the service manager loaded it",
            // An edited file is not replaced without being asked.
            Some(if report.has("drifted") {
                "kt gateway install --refresh --adopt"
            } else {
                "kt gateway install --refresh"
            }),
        );
    }
    match observed.autostart {
        Some(Autostart::Never) if orphan || report.has("file-missing") => {}
        Some(Autostart::Never) => report.add(
            Warn,
            "not-enabled",
            "the service is not enabled: it does not start at boot or login",
            Some("kt gateway install"),
        ),
        Some(Autostart::Login) if inputs.boot_start => report.add(
            Warn,
            "linger-off",
            "lingering is disabled: the service stops at logout and does not start at boot",
            Some(
                observed
                    .boot_start_fix
                    .as_deref()
                    .unwrap_or("kt gateway install --refresh"),
            ),
        ),
        _ => {}
    }
}

/// Adds that the running process is of another file than the next one.
fn add_binary_warning(report: &mut StatusReport, inputs: &StatusInputs) {
    if inputs.process.replaced != Some(true) {
        return;
    }
    let path = inputs.record.as_ref().and_then(|r| r.spec.exec.first());
    if inputs.process.missing {
        let message = format!(
            "kt was removed after the gateway started: `{}` does not exist, and the next restart fails",
            path.map_or("kt", String::as_str)
        );
        report.add(
            Severity::Warn,
            "binary-replaced",
            message,
            // The user who runs this has another kt, which the service then starts.
            Some("kt gateway install --refresh"),
        );
    } else {
        report.add(
            Severity::Warn,
            "binary-replaced",
            "kt was replaced after the gateway started",
            Some("kt gateway restart"),
        );
    }
}
