//! A failed step as an error: its class, what the service manager says of it,
//! and what could not be put back.

use crate::desk::Desk;
use crate::logs;
use crate::status::parked;
use kt_plugin_api::service::execute::{PlanError, StepError};
use kt_plugin_api::service::{LastExit, ServiceSpec, StepRole};
use kt_plugin_api::{Class, Error};

/// How many lines of the log stand in an error.
const LOG_LINES: u32 = 20;

/// One line: which step, which command, and how it ended.
pub(crate) fn sentence(failure: &PlanError) -> String {
    use kt_plugin_api::service::StepAction;
    match &failure.step.action {
        StepAction::Run(run) => format!("`{}` {}", run.argv.join(" "), failure.error),
        StepAction::Write(_) | StepAction::Remove(_) => failure.error.to_string(),
    }
}

/// The error for a failed step. It must be made before anything is taken back:
/// it looks at the broken state.
pub(crate) fn explain(desk: &Desk<'_>, spec: &ServiceSpec, failure: &PlanError) -> Error {
    if let StepError::Cancelled(error) = &failure.error {
        return error.clone();
    }
    // Ctrl-C ends the programs that kt started too; that is not their failure.
    if let (Err(error), StepError::Exited { code: None, .. }) =
        (desk.runner.check_cancelled(), &failure.error)
    {
        return error;
    }
    let what = format!("could not {}", failure.step.description);
    let starting = failure.step.role == Some(StepRole::Start);
    let (class, id) = match &failure.error {
        StepError::TimedOut => (Class::UnknownEffect, "timeout"),
        StepError::NotFound => (Class::Unavailable, "no-supervisor"),
        _ if starting => (Class::Unavailable, "start-failed"),
        _ => (Class::Unavailable, "step-failed"),
    };
    let error = Error::new(class, id, what)
        .cause(sentence(failure))
        .data("step", failure.step.id.clone());
    if starting {
        diagnose(desk, spec, error)
    } else {
        error
    }
}

/// Adds how the process ended, and the end of its log.
pub(crate) fn diagnose(desk: &Desk<'_>, spec: &ServiceSpec, error: Error) -> Error {
    let last = desk.observe(&spec.name).ok().and_then(|o| o.last_exit);
    let record = desk.records.read(desk.runner, &spec.name).ok().flatten();
    let parked = record.and_then(|record| parked(desk, &record));
    let error = match (&parked, &last) {
        (Some(parked), _) => error.cause(parked.sentence()),
        (None, Some(last)) => error.cause(describe(last)),
        (None, None) => error,
    };
    let range = logs::Range {
        lines: LOG_LINES,
        since: None,
    };
    match logs::read(desk, spec, range) {
        Ok(lines) if !lines.is_empty() => {
            let text: Vec<String> = lines.iter().map(logs::Line::text).collect();
            error.cause(format!("the end of its log:\n{}", text.join("\n")))
        }
        _ => error
            .hint("`kt gateway logs` shows its log, `kt gateway run` runs it in the foreground"),
    }
}

/// How a process ended, for people.
pub(crate) fn describe(last: &LastExit) -> String {
    let how = match (&last.code, &last.signal) {
        (Some(code), _) => format!("the process ended with {code}"),
        (None, Some(signal)) => format!("the process was ended by SIG{signal}"),
        (None, None) => "the process ended".to_owned(),
    };
    match &last.description {
        Some(meaning) => format!("{how}: {meaning}"),
        None => how,
    }
}

/// Whether a rollback left something behind.
pub(crate) fn left_something(error: &Error) -> bool {
    error.data.contains_key("left")
}

/// Adds what the rollback did, so that the person knows where things stand.
pub(crate) fn with_leftovers(error: Error, left: &[String]) -> Error {
    if left.is_empty() {
        return error.hint("everything was put back as it was");
    }
    left.iter()
        .fold(error.data("left", left.len()), |error, part| {
            error.cause(format!("could not be put back: {part}"))
        })
        .hint("`kt gateway status` shows what is left, `kt gateway uninstall` removes it")
}
