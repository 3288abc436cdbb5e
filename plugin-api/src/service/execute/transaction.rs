//! Applies a plan as a transaction.

use super::Runner;
use super::error::StepError;
use super::program::execute;
use super::undo_log::{FileSnapshot, UndoLog};
use crate::service::{Artifact, FileKind, Plan, ProbeOutcome, Step, StepAction, StepRole};
use std::path::Path;

/// A plan that was applied completely.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppliedPlan {
    /// The ids of the steps that succeeded.
    pub completed_steps: Vec<String>,
    /// A step of [`StepRole::BootStart`] succeeded.
    pub boot_start_enabled: bool,
    /// The warnings of the steps that failed but were allowed to.
    pub warnings: Vec<String>,
    /// Reverts the plan.
    pub undo_log: UndoLog,
}

/// A plan that failed.
#[must_use = "the completed steps must be reverted or reported"]
#[derive(Debug, Clone, PartialEq)]
pub struct PlanError {
    /// The step that failed.
    pub step: Step,
    /// The reason.
    pub error: StepError,
    /// Reverts the failed step, which may have had a partial effect, and the steps
    /// before it.
    pub undo_log: UndoLog,
}

/// Applies a plan until its end or its first failure. It does not revert
/// anything, so that the caller can inspect the failed state first.
///
/// # Errors
/// The failed step, with the undo log.
pub fn apply(runner: &dyn Runner, plan: &Plan) -> Result<AppliedPlan, Box<PlanError>> {
    let mut applied = AppliedPlan::default();
    for step in &plan.steps {
        let undo_len = applied.undo_log.len();
        match run_step(runner, plan, step, &mut applied.undo_log) {
            Ok(()) => {
                applied.completed_steps.push(step.id.clone());
                applied.boot_start_enabled |= step.role == Some(StepRole::BootStart);
            }
            Err(error) => match (&step.warn_on_failure, &error) {
                (
                    Some(warning),
                    StepError::Exited { .. } | StepError::TimedOut | StepError::NotFound,
                ) => {
                    // A step that is allowed to fail has no effect if it does.
                    applied.undo_log.truncate(undo_len);
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

fn run_step(
    runner: &dyn Runner,
    plan: &Plan,
    step: &Step,
    undo_log: &mut UndoLog,
) -> Result<(), StepError> {
    runner.check_cancelled().map_err(StepError::Cancelled)?;
    let before = snapshot(runner, step)?;
    // An unchanged file is not rewritten, so that it keeps its modification time.
    let unchanged = matches!(step.action, StepAction::Write(_))
        && before.as_ref().is_some_and(|file| is_current(plan, file));
    undo_log.record(&step.description, before.filter(|_| !unchanged), &step.undo);
    if unchanged {
        return Ok(());
    }
    perform(runner, plan, step)
}

fn artifact<'a>(plan: &'a Plan, path: &Path) -> Option<&'a Artifact> {
    plan.artifacts.iter().find(|a| a.path == path)
}

fn is_current(plan: &Plan, file: &FileSnapshot) -> bool {
    let (Some(artifact), Some((mode, bytes))) = (artifact(plan, &file.path), &file.content) else {
        return false;
    };
    *mode == artifact.mode && bytes == artifact.content.as_bytes()
}

/// Returns the state of the file that the step is about to change.
fn snapshot(runner: &dyn Runner, step: &Step) -> Result<Option<FileSnapshot>, StepError> {
    let (StepAction::Write(path) | StepAction::Remove(path)) = &step.action else {
        return Ok(None);
    };
    let mode = match runner.stat(path) {
        // A link has no mode of its own, and its target may not belong to the
        // service.
        ProbeOutcome::Metadata {
            kind: FileKind::Link,
            ..
        } => {
            let message = format!("{} is a symbolic link", path.display());
            return Err(StepError::Failed(message));
        }
        ProbeOutcome::Metadata { mode, .. } => mode & 0o755,
        _ => 0,
    };
    let content = runner.read(path).map_err(|e| io_error(path, &e))?;
    Ok(Some(FileSnapshot {
        path: path.clone(),
        content: content.map(|bytes| (mode, bytes)),
    }))
}

fn io_error(path: &Path, error: &std::io::Error) -> StepError {
    StepError::Failed(format!("{}: {error}", path.display()))
}

fn perform(runner: &dyn Runner, plan: &Plan, step: &Step) -> Result<(), StepError> {
    match &step.action {
        StepAction::Write(path) => {
            let Some(artifact) = artifact(plan, path) else {
                let message = format!("the plan has no artifact {}", path.display());
                return Err(StepError::Failed(message));
            };
            runner
                .write(path, artifact.mode, artifact.content.as_bytes())
                .map_err(|e| io_error(path, &e))
        }
        StepAction::Remove(path) => runner
            .remove(path)
            .map(drop)
            .map_err(|e| io_error(path, &e)),
        StepAction::Run(exec) => execute(runner, exec, true),
    }
}
