//! A command being put together.

use super::background::Background;
use super::ran::Ran;
use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// No command of the tests takes longer; one that does hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// A command with a hermetic environment; see `Sandbox`.
#[must_use = "it does nothing before `run()` or `spawn()`"]
pub(crate) struct Run {
    command: Command,
    input: Option<Vec<u8>>,
    limit: Duration,
}

impl Run {
    pub(super) fn new(program: &Path) -> Self {
        let mut command = Command::new(program);
        command
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self {
            command,
            input: None,
            limit: LIMIT,
        }
    }

    /// One more argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// More arguments.
    pub(crate) fn args<I: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = I>) -> Self {
        self.command.args(args);
        self
    }

    /// A variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Without a variable that the sandbox sets.
    pub(crate) fn unset(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Another working directory.
    pub(crate) fn cwd(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// What comes from standard input; without it there is nothing.
    pub(crate) fn stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = Some(input.into());
        self.command.stdin(Stdio::piped());
        self
    }

    /// Where standard input comes from.
    pub(crate) fn stdin_from(mut self, stream: impl Into<Stdio>) -> Self {
        self.command.stdin(stream);
        self
    }

    /// Where standard output goes, instead of to the test.
    pub(crate) fn stdout_to(mut self, stream: impl Into<Stdio>) -> Self {
        self.command.stdout(stream);
        self
    }

    /// Longer than the usual limit.
    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    pub(super) fn user(mut self, uid: u32) -> Self {
        self.command.uid(uid).gid(uid);
        self
    }

    /// Starts it and lets it run beside the test.
    pub(crate) fn spawn(mut self) -> Background {
        let line = self.line();
        let mut child = self
            .command
            .spawn()
            .unwrap_or_else(|e| panic!("cannot start `{line}`: {e}"));
        if let (Some(mut stdin), Some(input)) = (child.stdin.take(), self.input.take()) {
            // A command may end without reading all of its input.
            drop(stdin.write_all(&input));
        }
        Background::watch(line, child)
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Ran {
        let limit = self.limit;
        self.spawn().wait(limit)
    }

    fn line(&self) -> String {
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        words
            .map(|w| w.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" ")
    }
}
