//! What to do: files and steps, in order, each with its way back.

use super::{ServiceSpec, ServiceStatus, SystemInfo};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Write the service's files, make it start by itself, start it.
    Install,
    /// Start it; harmless when it runs.
    Start,
    /// Stop it; harmless when it does not run. It stays installed.
    Stop,
    /// Stop and start it.
    Restart,
    /// Stop it and remove everything that `install` wrote.
    Uninstall,
}

/// The request of `render`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderRequest {
    /// What is wanted.
    pub action: Action,
    /// The service.
    pub spec: ServiceSpec,
    /// What the caller knows.
    pub system: SystemInfo,
    /// How the service stands now; `None` when nobody has looked, as for
    /// `--print`. It decides the way back: what ran before runs again.
    #[serde(default)]
    pub status: Option<ServiceStatus>,
    /// Wishes.
    #[serde(default)]
    pub options: RenderOptions,
}

/// Wishes of the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RenderOptions {
    /// `install` starts the service.
    pub start: bool,
    /// `install` makes it start by itself.
    pub enable: bool,
    /// `install` makes it start at boot, not only at login.
    pub start_at_boot: bool,
    /// `install`: the files differ from what was read when the service was
    /// started, so a running one must be restarted. Without it, it is left
    /// running.
    pub files_changed: bool,
    /// `uninstall` takes back what made it start at boot.
    pub disable_boot_start: bool,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self {
            start: true,
            enable: true,
            start_at_boot: true,
            files_changed: true,
            disable_boot_start: false,
        }
    }
}

/// The request of `adopt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdoptRequest {
    /// The service.
    pub spec: ServiceSpec,
    /// What the caller knows.
    pub system: SystemInfo,
    /// The file that was edited.
    pub path: PathBuf,
    /// As it was written.
    pub original: String,
    /// As it is now.
    pub edited: String,
}

/// The answer to `render`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plan {
    /// The service's files as they should be once it is installed; the same
    /// for every action.
    pub artifacts: Vec<Artifact>,
    /// What to do, in order.
    pub steps: Vec<Step>,
    /// What the person should know beforehand.
    pub warnings: Vec<String>,
}

/// A file that belongs to the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Where it lies, absolute.
    pub path: PathBuf,
    /// Permission bits.
    pub mode: u32,
    /// Its text.
    pub content: String,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Stable name for machines: `enable`. Steps of one kind may share it.
    pub id: String,
    /// For people, in the present: `enable the unit`.
    pub description: String,
    /// What is done.
    pub action: StepAction,
    /// How it is taken back when a later step fails. A written or removed file
    /// is put back by the caller first; these run after that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undo: Vec<ExecSpec>,
    /// When it fails the person is warned with this text and the plan goes on;
    /// without it a failure ends the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn_on_failure: Option<String>,
    /// What it means to the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<StepRole>,
}

/// What a step means to the caller, beyond what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepRole {
    /// It starts the program: when it fails, the service's log knows why.
    Start,
    /// It makes services of the person start at boot and outlive the session:
    /// the caller remembers who did that.
    BootStart,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepAction {
    /// Write the artifact with this path; its directory is made.
    Write(PathBuf),
    /// Remove this file; harmless when it is gone.
    Remove(PathBuf),
    /// ExecSpec a program.
    Run(ExecSpec),
}

/// A program to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecSpec {
    /// Program and arguments, without a shell.
    pub argv: Vec<String>,
    /// Variables set on top of the caller's environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// How long it may take, milliseconds.
    pub timeout_ms: u64,
    /// Exit codes that mean success.
    pub success_exit_codes: Vec<i32>,
    /// No line of its standard error may contain this text: for checkers that
    /// end with 0 whatever they find, and that talk about other things too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stderr_excludes: Option<String>,
    /// Some line of its standard output must contain this text: for programs
    /// whose exit code does not tell everything. Without such a line it ended
    /// with an unexpected code, and is tried again as after one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdout_contains: Option<String>,
    /// Try again while it ends with certain codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryPolicy>,
    /// It is left out, and counts as a success, when the program is missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skip_if_missing: bool,
    /// It is left out, and counts as a success, when this program ends as it
    /// expects: for what is only needed while something is not so yet. A caller
    /// that does not know this runs it always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unless: Option<Box<ExecSpec>>,
}

/// When to try again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// Exit codes that may pass.
    pub exit_codes: Vec<i32>,
    /// Pause between two tries, milliseconds.
    pub interval_ms: u64,
    /// How long to go on, milliseconds.
    pub timeout_ms: u64,
}

impl ExecSpec {
    /// A program that must end with 0.
    #[must_use]
    pub fn new(argv: &[&str], env: BTreeMap<String, String>, timeout_ms: u64) -> Self {
        Self {
            argv: argv.iter().map(|&a| a.to_owned()).collect(),
            env,
            timeout_ms,
            success_exit_codes: vec![0],
            stderr_excludes: None,
            stdout_contains: None,
            retry: None,
            skip_if_missing: false,
            unless: None,
        }
    }

    /// The same, with other exit codes for success.
    #[must_use]
    pub fn success_exit_codes(mut self, codes: &[i32]) -> Self {
        self.success_exit_codes = codes.to_vec();
        self
    }

    /// The same, tried again while it ends with one of `on`.
    #[must_use]
    pub fn retry(mut self, exit_codes: &[i32], interval_ms: u64, timeout_ms: u64) -> Self {
        self.retry = Some(RetryPolicy {
            exit_codes: exit_codes.to_vec(),
            interval_ms,
            timeout_ms,
        });
        self
    }

    /// The same; a line of its standard output must contain `text`.
    #[must_use]
    pub fn stdout_contains(mut self, text: &str) -> Self {
        self.stdout_contains = Some(text.to_owned());
        self
    }

    /// The same, left out when `check` ends as it expects.
    #[must_use]
    pub fn unless(mut self, check: Self) -> Self {
        self.unless = Some(Box::new(check));
        self
    }
}

impl Step {
    /// A step without a way back that must succeed.
    #[must_use]
    pub fn new(id: &str, description: impl Into<String>, action: StepAction) -> Self {
        Self {
            id: id.to_owned(),
            description: description.into(),
            action,
            undo: Vec::new(),
            warn_on_failure: None,
            role: None,
        }
    }

    /// The same, with a meaning to the caller.
    #[must_use]
    pub fn role(mut self, role: StepRole) -> Self {
        self.role = Some(role);
        self
    }

    /// The same, with a way back.
    #[must_use]
    pub fn undo(mut self, run: ExecSpec) -> Self {
        self.undo.push(run);
        self
    }

    /// The same; its failure is only a warning.
    #[must_use]
    pub fn warn_on_failure(mut self, warning: impl Into<String>) -> Self {
        self.warn_on_failure = Some(warning.into());
        self
    }
}
