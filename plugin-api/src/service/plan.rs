//! Plans: files and steps, with their rollback.

use super::{ServiceSpec, ServiceStatus, SystemInfo};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The action to render.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Write the files of the service, enable it and start it.
    Install,
    /// Start the service; no effect if it is running.
    Start,
    /// Stop the service; no effect if it is stopped. It remains installed.
    Stop,
    /// Restart the service.
    Restart,
    /// Stop the service and remove all files that `install` wrote.
    Uninstall,
}

/// The request of `render`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RenderRequest {
    /// The action to render.
    pub action: Action,
    /// The service.
    pub spec: ServiceSpec,
    /// Information about the system.
    pub system: SystemInfo,
    /// The current status; `None` if it was not observed, as for `--print`. It
    /// determines the rollback: a service that was running is started again.
    #[serde(default)]
    pub status: Option<ServiceStatus>,
    /// Options of the action.
    #[serde(default)]
    pub options: RenderOptions,
}

/// Options of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct RenderOptions {
    /// `install` starts the service.
    pub start: bool,
    /// `install` enables the service: it starts automatically.
    pub enable: bool,
    /// `install` makes the service start at boot, not only at login.
    pub start_at_boot: bool,
    /// `install`: the files differ from those that the running service was started
    /// with, so that it must be restarted.
    pub files_changed: bool,
    /// `uninstall` reverts the step of [`StepRole::BootStart`].
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AdoptRequest {
    /// The service.
    pub spec: ServiceSpec,
    /// Information about the system.
    pub system: SystemInfo,
    /// The file that was edited.
    pub path: PathBuf,
    /// Content as it was written.
    pub original: String,
    /// Current content.
    pub edited: String,
}

/// The result of `render`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Plan {
    /// The files of the installed service; the same for every action.
    pub artifacts: Vec<Artifact>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// Warnings that are reported before the plan is applied.
    pub warnings: Vec<String>,
}

/// A file of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Artifact {
    /// Absolute path.
    pub path: PathBuf,
    /// Permission bits.
    pub mode: u32,
    /// Content.
    pub content: String,
}

/// A step of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Step {
    /// Stable identifier: `enable`. Steps of the same kind may share it.
    pub id: String,
    /// Description for the user, imperative: `enable the unit`.
    pub description: String,
    /// The operation.
    pub action: StepAction,
    /// Programs that revert the step if it or a later one fails. The caller
    /// restores a written or removed file before it runs them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undo: Vec<ExecSpec>,
    /// If set, a failure of the step does not stop the plan, but reports this
    /// warning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn_on_failure: Option<String>,
    /// The meaning of the step for the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<StepRole>,
}

/// The meaning of a step for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum StepRole {
    /// Starts the program. If it fails, the caller shows the service's log.
    Start,
    /// Makes the user's services start at boot and continue after logout. The
    /// caller records that the plan did so.
    BootStart,
}

/// The operation of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum StepAction {
    /// Write the artifact with this path, and create its directory.
    Write(PathBuf),
    /// Remove this file; no effect if it does not exist.
    Remove(PathBuf),
    /// Run a program.
    Run(ExecSpec),
}

/// A program to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExecSpec {
    /// Program and arguments, without a shell.
    pub argv: Vec<String>,
    /// Variables that are added to the caller's environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Timeout in milliseconds.
    pub timeout_ms: u64,
    /// Exit codes that mean success.
    pub success_exit_codes: Vec<i32>,
    /// No line of standard error may contain this text: for checkers that always
    /// exit with 0 and also report unrelated problems.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stderr_excludes: Option<String>,
    /// A line of standard output must contain this text: for programs whose exit
    /// code is not sufficient. A missing line is treated as an unexpected exit code,
    /// also for retries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdout_contains: Option<String>,
    /// Retries after certain exit codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryPolicy>,
    /// The program is skipped, and counts as successful, if it does not exist.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skip_if_missing: bool,
    /// The program is skipped, and counts as successful, if this one succeeds. A
    /// caller that does not know this key always runs the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unless: Option<Box<ExecSpec>>,
}

/// When to run a program again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RetryPolicy {
    /// Exit codes that cause a retry.
    pub exit_codes: Vec<i32>,
    /// Interval between two attempts, in milliseconds.
    pub interval_ms: u64,
    /// Time after which there are no further attempts, in milliseconds.
    pub timeout_ms: u64,
}

impl ExecSpec {
    /// Creates a program that must exit with 0.
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

    /// Sets the exit codes that mean success.
    #[must_use]
    pub fn success_exit_codes(mut self, codes: &[i32]) -> Self {
        self.success_exit_codes = codes.to_vec();
        self
    }

    /// Retries the program while it exits with one of `exit_codes`.
    #[must_use]
    pub fn retry(mut self, exit_codes: &[i32], interval_ms: u64, timeout_ms: u64) -> Self {
        self.retry = Some(RetryPolicy {
            exit_codes: exit_codes.to_vec(),
            interval_ms,
            timeout_ms,
        });
        self
    }

    /// Requires a line of standard output that contains `text`.
    #[must_use]
    pub fn stdout_contains(mut self, text: &str) -> Self {
        self.stdout_contains = Some(text.to_owned());
        self
    }

    /// Skips the program if `condition` succeeds.
    #[must_use]
    pub fn unless(mut self, condition: Self) -> Self {
        self.unless = Some(Box::new(condition));
        self
    }
}

impl Step {
    /// Creates a step that must succeed and is not reverted.
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

    /// Sets the role.
    #[must_use]
    pub fn role(mut self, role: StepRole) -> Self {
        self.role = Some(role);
        self
    }

    /// Adds a program that reverts the step.
    #[must_use]
    pub fn undo(mut self, run: ExecSpec) -> Self {
        self.undo.push(run);
        self
    }

    /// Turns a failure of the step into a warning.
    #[must_use]
    pub fn warn_on_failure(mut self, warning: impl Into<String>) -> Self {
        self.warn_on_failure = Some(warning.into());
        self
    }
}
