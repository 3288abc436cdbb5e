//! Runs a program of a plan and evaluates its outcome.

use super::error::StepError;
use super::{ExecOutcome, Runner};
use crate::service::ExecSpec;
use std::time::Duration;

/// Runs a program, with retries if it specifies them. A rollback is not
/// `cancellable`: it must not stop half-way.
pub(super) fn execute(
    runner: &dyn Runner,
    exec: &ExecSpec,
    cancellable: bool,
) -> Result<(), StepError> {
    if let Some(condition) = &exec.unless {
        match execute(runner, condition, cancellable) {
            Ok(()) => return Ok(()),
            Err(error @ StepError::Cancelled(_)) => return Err(error),
            Err(_) => {}
        }
    }
    let start = runner.now();
    loop {
        let timeout = Duration::from_millis(exec.timeout_ms);
        let outcome = runner.run(&exec.argv, &exec.env, timeout);
        let Err(error) = evaluate(exec, outcome) else {
            return Ok(());
        };
        let elapsed = runner.now().saturating_sub(start);
        let Some(delay) = retry_delay(exec, &error, elapsed) else {
            return Err(error);
        };
        if cancellable {
            runner.check_cancelled().map_err(StepError::Cancelled)?;
        }
        runner.sleep(delay);
    }
}

fn retry_delay(exec: &ExecSpec, error: &StepError, elapsed: Duration) -> Option<Duration> {
    let retry = exec.retry.as_ref()?;
    let StepError::Exited {
        code: Some(code), ..
    } = error
    else {
        return None;
    };
    let again =
        retry.exit_codes.contains(code) && elapsed < Duration::from_millis(retry.timeout_ms);
    // An interval of 0 would be a busy loop.
    again.then(|| Duration::from_millis(retry.interval_ms.max(1)))
}

fn evaluate(exec: &ExecSpec, outcome: ExecOutcome) -> Result<(), StepError> {
    let (code, stdout, stderr) = match outcome {
        ExecOutcome::Exited {
            code,
            stdout,
            stderr,
        } => (code, stdout, stderr),
        ExecOutcome::TimedOut => return Err(StepError::TimedOut),
        ExecOutcome::NotFound if exec.skip_if_missing => return Ok(()),
        ExecOutcome::NotFound => return Err(StepError::NotFound),
        ExecOutcome::Failed(message) => return Err(StepError::Failed(message)),
    };
    let has_line = |text: &str, part: &str| text.lines().any(|line| line.contains(part));
    let excluded = exec
        .stderr_excludes
        .as_deref()
        .is_some_and(|part| has_line(&stderr, part));
    let contained = exec
        .stdout_contains
        .as_deref()
        .is_none_or(|part| has_line(&stdout, part));
    if !excluded && contained && code.is_some_and(|code| exec.success_exit_codes.contains(&code)) {
        return Ok(());
    }
    let output = if stderr.trim().is_empty() {
        stdout
    } else {
        stderr
    };
    Err(StepError::Exited {
        code,
        output: output.trim().to_owned(),
    })
}
