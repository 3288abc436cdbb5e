//! Runs a plan as a transaction.

use super::Runner;
use super::journal::{Before, Journal};
use super::program::execute;
use crate::Error;
use crate::service::{Deed, FileKind, Plan, Role, Seen, Step};
use std::fmt;
use std::path::Path;

/// A plan that was run to its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// The ids of the steps that succeeded.
    pub done: Vec<String>,
    /// A step of [`Role::Boot`] succeeded.
    pub boot: bool,
    /// What tolerated failures mean, for people.
    pub warnings: Vec<String>,
    /// The way back.
    pub journal: Journal,
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq)]
pub enum Why {
    /// It ended with an unexpected code, or by a signal (`None`), or said
    /// something that it must not say.
    Ended {
        /// Exit code.
        code: Option<i32>,
        /// What it said on standard error, or else on standard output.
        said: String,
    },
    /// It took too long; whether it took effect is not known.
    TimedOut,
    /// The program is missing.
    Missing,
    /// A file could not be written or removed, or a program not be run.
    Impossible(String),
    /// The plan was ended from outside before this step.
    Cancelled(Error),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended { code, said } => {
                match code {
                    Some(code) => write!(f, "ended with {code}")?,
                    None => f.write_str("was ended by a signal")?,
                }
                if said.is_empty() {
                    return Ok(());
                }
                write!(f, ": {said}")
            }
            Self::TimedOut => f.write_str("took too long"),
            Self::Missing => f.write_str("is missing"),
            Self::Impossible(why) => f.write_str(why),
            Self::Cancelled(error) => write!(f, "{error}"),
        }
    }
}

/// A plan that failed half-way.
#[must_use = "what was done must be taken back, or said"]
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The step that failed.
    pub step: Step,
    /// Why.
    pub why: Why,
    /// The way back from that step and those before it: a step that failed may
    /// have had half of its effect.
    pub journal: Journal,
}

/// Runs a plan up to its end or its first failure, and takes nothing back: the
/// caller may want to look at the broken state first.
///
/// # Errors
/// The failed step, with the way back.
pub fn carry_out(runner: &dyn Runner, plan: &Plan) -> Result<Applied, Box<Failure>> {
    let mut applied = Applied::default();
    for step in &plan.steps {
        let known = applied.journal.len();
        match attempt(runner, plan, step, &mut applied.journal) {
            Ok(()) => {
                applied.done.push(step.id.clone());
                applied.boot |= step.role == Role::Boot;
            }
            Err(why) => match (&step.tolerate, &why) {
                (Some(warning), Why::Ended { .. } | Why::TimedOut | Why::Missing) => {
                    // What may fail has nothing to be taken back when it does.
                    applied.journal.truncate(known);
                    applied.warnings.push(warning.clone());
                }
                _ => {
                    return Err(Box::new(Failure {
                        step: step.clone(),
                        why,
                        journal: applied.journal,
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
    journal: &mut Journal,
) -> Result<(), Why> {
    runner.check().map_err(Why::Cancelled)?;
    let before = before(runner, step)?;
    let write = matches!(step.deed, Deed::Write(_));
    let done = write && before.as_ref().is_some_and(|b| written_already(plan, b));
    journal.note(&step.what, before.filter(|_| !done), &step.undo);
    if done {
        return Ok(());
    }
    perform(runner, plan, step)
}

/// A file that is as it should be keeps its time stamp.
fn written_already(plan: &Plan, before: &Before) -> bool {
    let wanted = plan.artifacts.iter().find(|a| a.path == before.path);
    let (Some(wanted), Some((mode, bytes))) = (wanted, &before.content) else {
        return false;
    };
    *mode == wanted.mode && bytes == wanted.content.as_bytes()
}

/// The file that the step is about to touch.
fn before(runner: &dyn Runner, step: &Step) -> Result<Option<Before>, Why> {
    let (Deed::Write(path) | Deed::Remove(path)) = &step.deed else {
        return Ok(None);
    };
    let mode = match runner.stat(path) {
        // Its permissions say nothing, and its target is somebody else's.
        Seen::File {
            kind: FileKind::Link,
            ..
        } => {
            let why = format!("{} is a link, and left alone", path.display());
            return Err(Why::Impossible(why));
        }
        Seen::File { mode, .. } => mode & 0o755,
        _ => 0,
    };
    let content = runner.read(path).map_err(|e| impossible(path, &e))?;
    Ok(Some(Before {
        path: path.clone(),
        content: content.map(|bytes| (mode, bytes)),
    }))
}

fn impossible(path: &Path, error: &std::io::Error) -> Why {
    Why::Impossible(format!("{}: {error}", path.display()))
}

fn perform(runner: &dyn Runner, plan: &Plan, step: &Step) -> Result<(), Why> {
    match &step.deed {
        Deed::Write(path) => {
            let wanted = plan.artifacts.iter().find(|a| a.path == *path);
            let Some(artifact) = wanted else {
                let why = format!("the plan has no text for {}", path.display());
                return Err(Why::Impossible(why));
            };
            runner
                .write(path, artifact.mode, artifact.content.as_bytes())
                .map_err(|e| impossible(path, &e))
        }
        Deed::Remove(path) => runner
            .remove(path)
            .map(drop)
            .map_err(|e| impossible(path, &e)),
        Deed::Run(run) => execute(runner, run, true),
    }
}
