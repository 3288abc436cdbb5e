//! Runs one program of a plan and judges its end.

use super::{ExecOutcome, Runner, StepError};
use crate::service::ExecSpec;
use std::time::Duration;

/// Runs a program, again and again where it says so. The way back is not
/// `interruptible`: leaving half of it undone helps nobody.
pub(super) fn execute(
    runner: &dyn Runner,
    run: &ExecSpec,
    interruptible: bool,
) -> Result<(), StepError> {
    if let Some(look) = &run.unless {
        match execute(runner, look, interruptible) {
            Ok(()) => return Ok(()),
            Err(why @ StepError::Cancelled(_)) => return Err(why),
            Err(_) => {}
        }
    }
    let began = runner.now();
    loop {
        let ran = runner.run(&run.argv, &run.env, Duration::from_millis(run.timeout_ms));
        let why = match judge(run, ran) {
            Ok(()) => return Ok(()),
            Err(why) => why,
        };
        let Some(pause) = again(run, &why, runner.now().saturating_sub(began)) else {
            return Err(why);
        };
        if interruptible {
            runner.check_cancelled().map_err(StepError::Cancelled)?;
        }
        runner.sleep(pause);
    }
}

fn again(run: &ExecSpec, why: &StepError, spent: Duration) -> Option<Duration> {
    let retry = run.retry.as_ref()?;
    let StepError::Exited {
        code: Some(code), ..
    } = why
    else {
        return None;
    };
    let go_on = retry.exit_codes.contains(code) && spent < Duration::from_millis(retry.timeout_ms);
    // A pause of nothing would spin.
    go_on.then(|| Duration::from_millis(retry.interval_ms.max(1)))
}

fn judge(run: &ExecSpec, ran: ExecOutcome) -> Result<(), StepError> {
    let (code, stdout, stderr) = match ran {
        ExecOutcome::Exited {
            code,
            stdout,
            stderr,
        } => (code, stdout, stderr),
        ExecOutcome::TimedOut => return Err(StepError::TimedOut),
        ExecOutcome::NotFound if run.skip_if_missing => return Ok(()),
        ExecOutcome::NotFound => return Err(StepError::NotFound),
        ExecOutcome::Failed(why) => return Err(StepError::Failed(why)),
    };
    let stands_in = |text: &str, word: &str| text.lines().any(|line| line.contains(word));
    let complains = run
        .stderr_excludes
        .as_deref()
        .is_some_and(|word| stands_in(&stderr, word));
    let says = run
        .stdout_contains
        .as_deref()
        .is_none_or(|word| stands_in(&stdout, word));
    if !complains && says && code.is_some_and(|code| run.success_exit_codes.contains(&code)) {
        return Ok(());
    }
    let said = if stderr.trim().is_empty() {
        stdout
    } else {
        stderr
    };
    Err(StepError::Exited {
        code,
        output: said.trim().to_owned(),
    })
}
