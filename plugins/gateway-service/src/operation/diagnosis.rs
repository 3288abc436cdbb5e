//! Errors of failed operations: class, exit of the process, and the end of the log.

use crate::context::{ServiceContext, describe_exit, describe_failure};
use crate::logs::{self, LogLine, LogRange};
use crate::status::read_parked_reason;
use kt_plugin_api::service::execute::{PlanError, StepError};
use kt_plugin_api::service::{ServiceSpec, StepRole};
use kt_plugin_api::{Class, Error};

/// The number of log lines in an error.
const LOG_LINES: u32 = 20;

/// Returns the error for a failed step. It must be called before the rollback, because
/// it inspects the failed state.
pub(super) fn explain(
    service: &ServiceContext<'_>,
    spec: &ServiceSpec,
    failure: &PlanError,
) -> Error {
    if let StepError::Cancelled(error) = &failure.error {
        return error.clone();
    }
    // Ctrl-C also terminates the programs that kt runs; they did not fail by themselves.
    if let (Err(error), StepError::Exited { code: None, .. }) =
        (service.runner.check_cancelled(), &failure.error)
    {
        return error;
    }
    let message = format!("could not {}", failure.step.description);
    let starting = failure.step.role == Some(StepRole::Start);
    let (class, id) = match &failure.error {
        StepError::TimedOut => (Class::UnknownEffect, "timeout"),
        StepError::NotFound => (Class::Unavailable, "no-supervisor"),
        _ if starting => (Class::Unavailable, "start-failed"),
        _ => (Class::Unavailable, "step-failed"),
    };
    let error = Error::new(class, id, message)
        .cause(describe_failure(failure))
        .data("step", failure.step.id.clone());
    if starting {
        diagnose(service, spec, error)
    } else {
        error
    }
}

/// Adds how the process exited and the end of its log to an error.
pub(super) fn diagnose(service: &ServiceContext<'_>, spec: &ServiceSpec, error: Error) -> Error {
    let exit = service.observe(&spec.name).ok().and_then(|o| o.last_exit);
    let record = service
        .records
        .read(service.runner, &spec.name)
        .ok()
        .flatten();
    let parked = record.and_then(|record| read_parked_reason(service, &record));
    let error = match (&parked, &exit) {
        (Some(parked), _) => error.cause(parked.one_line()),
        (None, Some(exit)) => error.cause(describe_exit(exit)),
        (None, None) => error,
    };
    let range = LogRange {
        lines: LOG_LINES,
        since: None,
    };
    match logs::read(service, spec, range) {
        Ok(lines) if !lines.is_empty() => {
            let text: Vec<String> = lines.iter().map(LogLine::text).collect();
            error.cause(format!("the last lines of its log:\n{}", text.join("\n")))
        }
        _ => error
            .hint("`kt gateway logs` shows its log, `kt gateway run` runs it in the foreground"),
    }
}
