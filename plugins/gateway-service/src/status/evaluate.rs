//! Evaluates the status of a service.

use super::inputs::StatusInputs;
use super::report::{Severity, StatusReport};
use super::service_state::evaluate_supervisor;
use super::state::ServiceState;
use super::warnings::add_warnings;

/// Evaluates the collected inputs. With `strict`, a running service with warnings is in
/// the state [`ServiceState::Warnings`].
pub(crate) fn evaluate(inputs: &StatusInputs, strict: bool) -> StatusReport {
    let mut report = StatusReport {
        state: ServiceState::Unknown,
        problems: Vec::new(),
        in_sync: in_sync(inputs),
    };
    report.state = evaluate_supervisor(&mut report, inputs);
    add_warnings(&mut report, inputs);
    let warned = report.problems.iter().any(|p| p.severity == Severity::Warn);
    if strict && warned && report.state == ServiceState::Running {
        report.state = ServiceState::Warnings;
    }
    report
}

/// Compares the applied with the desired configuration. A failed comparison is not a
/// difference.
fn in_sync(inputs: &StatusInputs) -> Option<bool> {
    let applied = inputs.gateway.as_ref().ok()?.text("/config/applied/sha256");
    let desired = inputs.desired.as_ref().ok()?.as_ref()?;
    Some(applied? == desired.sha256)
}
