//! Builds and runs a command.
//!
//! `assert_cmd` runs it: it writes the input, reads both streams and enforces
//! the time limit. It has no processes in the background and no redirections;
//! for these, [`Background`] waits.

use super::background::Background;
use super::output::CommandOutput;
use super::terminal::TerminalSession;
use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A command that runs longer than this hangs.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A command in a hermetic environment; see `Sandbox`.
#[must_use = "nothing happens before `run()` or `spawn()`"]
pub(crate) struct TestCommand {
    command: Command,
    input: Option<Vec<u8>>,
    limit: Duration,
    redirected: bool,
}

impl TestCommand {
    /// A command without arguments, input and environment.
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
            limit: TIME_LIMIT,
            redirected: false,
        }
    }

    /// Adds an argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    pub(crate) fn args<I: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = I>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Removes an environment variable that the sandbox sets.
    pub(crate) fn unset(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Sets the working directory.
    pub(crate) fn cwd(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Sets the bytes of standard input, which is empty otherwise.
    pub(crate) fn stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = Some(input.into());
        self.command.stdin(Stdio::piped());
        self
    }

    /// Redirects standard input.
    pub(crate) fn stdin_from(mut self, stream: impl Into<Stdio>) -> Self {
        self.command.stdin(stream);
        self.redirected = true;
        self
    }

    /// Redirects standard output; it is not captured then.
    pub(crate) fn stdout_to(mut self, stream: impl Into<Stdio>) -> Self {
        self.command.stdout(stream);
        self.redirected = true;
        self
    }

    /// Replaces the usual time limit.
    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs the command as another user.
    pub(super) fn user(mut self, uid: u32) -> Self {
        self.command.uid(uid).gid(uid);
        self
    }

    /// Starts the command in the background.
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
        Background::new(line, child)
    }

    /// Starts the command in a terminal of its own, with `columns` and `setsid` of the system.
    pub(crate) fn in_terminal(self, setsid: &Path, columns: u16) -> TerminalSession {
        TerminalSession::start(self.line(), &self.command, setsid, columns)
    }

    /// Runs the command to its end.
    ///
    /// # Panics
    /// When it cannot be started, or does not end within the time limit.
    pub(crate) fn run(self) -> CommandOutput {
        let limit = self.limit;
        if self.redirected {
            return self.spawn().wait(limit);
        }
        let line = self.line();
        let start = Instant::now();
        let mut command = assert_cmd::Command::from_std(self.command);
        command
            .timeout(limit)
            .write_stdin(self.input.unwrap_or_default());
        let output = command.output();
        let output = output.unwrap_or_else(|e| panic!("cannot start `{line}`: {e}"));
        let output = CommandOutput::new(line, output);
        // The command was killed then, which its status does not tell from
        // other reasons.
        assert!(
            start.elapsed() < limit,
            "did not end within {limit:?}{output}"
        );
        output
    }

    fn line(&self) -> String {
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
        words.join(" ")
    }
}
