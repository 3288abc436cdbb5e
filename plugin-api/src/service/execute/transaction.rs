//! Runs a plan as a transaction.

use super::Runner;
use super::program::execute;
use super::undo_log::{FileSnapshot, UndoLog};
use crate::Error;
use crate::service::{FileKind, Plan, ProbeOutcome, Step, StepAction, StepRole};
use std::fmt;
use std::path::Path;

/// A plan that was run to its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppliedPlan {
    /// The ids of the steps that succeeded.
    pub completed_steps: Vec<String>,
    /// A step of [`StepRole::BootStart`] succeeded.
    pub boot_start_enabled: bool,
    /// What tolerated failures mean, for people.
    pub warnings: Vec<String>,
    /// The way back.
    pub undo_log: UndoLog,
}

/// StepError a step failed.
#[derive(Debug, Clone, PartialEq)]
pub enum StepError {
    /// It ended with an unexpected code, or by a signal (`None`), or output
    /// something that it must not say.
    Exited {
        /// Exit code.
        code: Option<i32>,
        /// What it output on standard error, or else on standard output.
        output: String,
    },
    /// It took too long; whether it took effect is not known.
    TimedOut,
    /// The program is missing.
    NotFound,
    /// A file could not be written or removed, or a program not be run.
    Failed(String),
    /// The plan was ended from outside before this step.
    Cancelled(Error),
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited { code, output } => {
                match code {
                    Some(code) => write!(f, "ended with {code}")?,
                    None => f.write_str("was ended by a signal")?,
                }
                if output.is_empty() {
                    return Ok(());
                }
                write!(f, ": {output}")
            }
            Self::TimedOut => f.write_str("took too long"),
            Self::NotFound => f.write_str("is missing"),
            Self::Failed(why) => f.write_str(why),
            Self::Cancelled(error) => write!(f, "{error}"),
        }
    }
}

/// A plan that failed half-way.
#[must_use = "what was done must be taken back, or output"]
#[derive(Debug, Clone, PartialEq)]
pub struct PlanError {
    /// The step that failed.
    pub step: Step,
    /// StepError.
    pub error: StepError,
    /// The way back from that step and those before it: a step that failed may
    /// have had half of its effect.
    pub undo_log: UndoLog,
}

/// Runs a plan up to its end or its first failure, and takes nothing back: the
/// caller may want to look at the broken state first.
///
/// # Errors
/// The failed step, with the way back.
pub fn apply(runner: &dyn Runner, plan: &Plan) -> Result<AppliedPlan, Box<PlanError>> {
    let mut applied = AppliedPlan::default();
    for step in &plan.steps {
        let known = applied.undo_log.len();
        match attempt(runner, plan, step, &mut applied.undo_log) {
            Ok(()) => {
                applied.completed_steps.push(step.id.clone());
                applied.boot_start_enabled |= step.role == Some(StepRole::BootStart);
            }
            Err(error) => match (&step.warn_on_failure, &error) {
                (
                    Some(warning),
                    StepError::Exited { .. } | StepError::TimedOut | StepError::NotFound,
                ) => {
                    // What may fail has nothing to be taken back when it does.
                    applied.undo_log.truncate(known);
                    applied.warnings.push(warning.clone());
                }
                _ => {
                    return Err(Box::new(PlanError {
                        step: step.clone(),
                        error,
                        undo_log: applied.undo_log,
                    }));
                }
            },
        }
    }
    Ok(applied)
}

fn attempt(
    runner: &dyn Runner,
    plan: &Plan,
    step: &Step,
    undo_log: &mut UndoLog,
) -> Result<(), StepError> {
    runner.check_cancelled().map_err(StepError::Cancelled)?;
    let before = before(runner, step)?;
    let write = matches!(step.action, StepAction::Write(_));
    let done = write && before.as_ref().is_some_and(|b| written_already(plan, b));
    undo_log.record(&step.description, before.filter(|_| !done), &step.undo);
    if done {
        return Ok(());
    }
    perform(runner, plan, step)
}

/// A file that is as it should be keeps its time stamp.
fn written_already(plan: &Plan, before: &FileSnapshot) -> bool {
    let wanted = plan.artifacts.iter().find(|a| a.path == before.path);
    let (Some(wanted), Some((mode, bytes))) = (wanted, &before.content) else {
        return false;
    };
    *mode == wanted.mode && bytes == wanted.content.as_bytes()
}

/// The file that the step is about to touch.
fn before(runner: &dyn Runner, step: &Step) -> Result<Option<FileSnapshot>, StepError> {
    let (StepAction::Write(path) | StepAction::Remove(path)) = &step.action else {
        return Ok(None);
    };
    let mode = match runner.stat(path) {
        // Its permissions say nothing, and its target is somebody else's.
        ProbeOutcome::Metadata {
            kind: FileKind::Link,
            ..
        } => {
            let why = format!("{} is a link, and left alone", path.display());
            return Err(StepError::Failed(why));
        }
        ProbeOutcome::Metadata { mode, .. } => mode & 0o755,
        _ => 0,
    };
    let content = runner.read(path).map_err(|e| impossible(path, &e))?;
    Ok(Some(FileSnapshot {
        path: path.clone(),
        content: content.map(|bytes| (mode, bytes)),
    }))
}

fn impossible(path: &Path, error: &std::io::Error) -> StepError {
    StepError::Failed(format!("{}: {error}", path.display()))
}

fn perform(runner: &dyn Runner, plan: &Plan, step: &Step) -> Result<(), StepError> {
    match &step.action {
        StepAction::Write(path) => {
            let wanted = plan.artifacts.iter().find(|a| a.path == *path);
            let Some(artifact) = wanted else {
                let why = format!("the plan has no text for {}", path.display());
                return Err(StepError::Failed(why));
            };
            runner
                .write(path, artifact.mode, artifact.content.as_bytes())
                .map_err(|e| impossible(path, &e))
        }
        StepAction::Remove(path) => runner
            .remove(path)
            .map(drop)
            .map_err(|e| impossible(path, &e)),
        StepAction::Run(run) => execute(runner, run, true),
    }
}
