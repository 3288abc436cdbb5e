//! Runs kt in a child process, so that a plugin that crashes or hangs is a failed check
//! and not the end of the test.

use crate::environment::{self, Environment};
use kt_plugin_api::Error;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The time limit of a child.
const LIMIT: Duration = Duration::from_secs(30);
/// Bytes of each stream that are kept.
const MAX_OUTPUT: u64 = 16 << 20;
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The environment of the children: kt's directories are temporary and empty.
pub(super) struct ChildKt {
    exe: PathBuf,
    plugins: PathBuf,
    home: TempDir,
    /// Variables that must not reach the plugin, such as the address of a server.
    removed: Vec<String>,
}

/// What a child prints and returns.
#[derive(Debug)]
pub(super) struct ChildOutput {
    pub(super) line: String,
    status: Option<ExitStatus>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// A running child.
pub(super) struct RunningChild {
    line: String,
    child: Child,
    stdout: JoinHandle<String>,
    stderr: JoinHandle<String>,
    deadline: Instant,
}

// === impl ChildKt ===

impl ChildKt {
    /// Creates the directories; `plugins` contains the directory of the plugin, and
    /// `removed` are the variables of settings.
    pub(super) fn new(
        env: &Environment,
        plugins: &Path,
        removed: Vec<String>,
    ) -> Result<Self, Error> {
        let home = tempfile::tempdir()
            .map_err(|e| Error::internal("cannot create a temporary directory").cause(e))?;
        Ok(Self {
            exe: env.exe.clone(),
            plugins: plugins.to_owned(),
            home,
            removed,
        })
    }

    /// Starts kt.
    pub(super) fn spawn(
        &self,
        args: &[String],
        env: &[(String, String)],
        input: &str,
    ) -> Result<RunningChild, Error> {
        let mut command = Command::new(&self.exe);
        for name in self.removed.iter().map(String::as_str).chain([
            environment::OUTPUT,
            environment::PROFILE,
            environment::LOG,
        ]) {
            command.env_remove(name);
        }
        command
            .args(args)
            .env(environment::HOME, self.home.path())
            .env(environment::PLUGIN_PATH, &self.plugins)
            .env(environment::NO_INPUT, "1")
            .env(environment::UNKNOWN_KEYS, "1")
            .env(environment::COLOR, "never")
            .envs(env.iter().map(|(name, value)| (name, value)))
            .current_dir(self.home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|e| Error::internal("cannot start kt").cause(e))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command may end without reading all of its input.
            drop(stdin.write_all(input.as_bytes()));
        }
        Ok(RunningChild {
            line: format!("kt {}", args.join(" ")),
            stdout: read_all(child.stdout.take()),
            stderr: read_all(child.stderr.take()),
            child,
            deadline: Instant::now() + LIMIT,
        })
    }

    /// Runs kt to its end.
    pub(super) fn run(&self, args: &[&str]) -> Result<ChildOutput, Error> {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        Ok(self.spawn(&args, &[], "")?.wait())
    }
}

/// Reads a stream in a thread, so that a full pipe does not stop the child.
fn read_all(stream: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(stream) = stream {
            // The rest of endless output is not read: the child receives EPIPE.
            drop(stream.take(MAX_OUTPUT).read_to_end(&mut bytes));
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

// === impl RunningChild ===

impl RunningChild {
    /// Waits for the end; a child that exceeds the time limit is killed.
    pub(super) fn wait(mut self) -> ChildOutput {
        let mut status = None;
        while status.is_none() && Instant::now() < self.deadline {
            match self.child.try_wait() {
                Ok(Some(exited)) => status = Some(exited),
                Ok(None) => std::thread::sleep(POLL_INTERVAL),
                Err(_) => break,
            }
        }
        if status.is_none() {
            drop(self.child.kill());
            drop(self.child.wait());
        }
        ChildOutput {
            line: self.line,
            status,
            stdout: self.stdout.join().unwrap_or_default(),
            stderr: self.stderr.join().unwrap_or_default(),
        }
    }

    /// Sends a signal once the child handles it; returns whether it is still running.
    pub(super) fn signal_when_ready(&mut self, signal: Signal) -> bool {
        let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) else {
            return false;
        };
        let grace = Instant::now() + Duration::from_secs(5);
        while !handles(pid, signal).unwrap_or(Instant::now() >= grace) {
            if !matches!(self.child.try_wait(), Ok(None)) || Instant::now() >= grace {
                break;
            }
            std::thread::sleep(POLL_INTERVAL);
        }
        matches!(self.child.try_wait(), Ok(None)) && kill_process(pid, signal).is_ok()
    }
}

/// Returns whether the process has a handler of the signal, where the system shows it
/// (proc_pid_status(5)).
fn handles(pid: Pid, signal: Signal) -> Option<bool> {
    let text = std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).ok()?;
    let mask = text.lines().find_map(|l| l.strip_prefix("SigCgt:"))?.trim();
    let mask = u64::from_str_radix(mask, 16).ok()?;
    Some(mask & (1 << (signal.as_raw() - 1)) != 0)
}

// === impl ChildOutput ===

impl ChildOutput {
    pub(super) fn code(&self) -> Option<i32> {
        self.status?.code()
    }

    /// Describes how the child ended.
    pub(super) fn end(&self) -> String {
        match self.status {
            None => format!("it did not end within {} s", LIMIT.as_secs()),
            Some(status) => match (status.code(), status.signal()) {
                (Some(code), _) => format!("exit code {code}"),
                (_, signal) => format!("it was ended by signal {}", signal.unwrap_or_default()),
            },
        }
    }

    /// Returns the error object that kt printed with `-o json`.
    pub(super) fn error(&self) -> Option<Value> {
        let start = self.stderr.find('{')?;
        let whole: Value = serde_json::from_str(self.stderr.get(start..)?).ok()?;
        whole.get("error").cloned()
    }

    /// Describes the end and the last lines of standard error.
    pub(super) fn summary(&self) -> String {
        let message = self
            .error()
            .and_then(|e| Some(e.get("message")?.as_str()?.to_owned()));
        let stderr = message.unwrap_or_else(|| {
            let lines: Vec<&str> = self.stderr.trim().lines().collect();
            lines
                .get(lines.len().saturating_sub(5)..)
                .unwrap_or_default()
                .join(" / ")
        });
        match stderr.is_empty() {
            true => self.end(),
            false => format!("{}: {stderr}", self.end()),
        }
    }
}
