//! Starts the child, and interprets how it ends.

use super::report::CheckReport;
use super::run::{DOCTOR_TIMEOUT, LIMIT};
use crate::commands::context::CommandContext;
use crate::discovery::{DiscoveredPlugin, PluginSource};
use crate::options;
use kt_plugin_api::{Class, Error};
use serde_json::Value;
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// The maximum size of a stream of the child that is evaluated.
const MAX_OUTPUT: u64 = 1 << 20;
/// The number of last lines of standard error that an error contains.
const LAST_LINES: usize = 5;
/// The polling interval for a child that has closed its streams but not exited.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// What the child checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands) enum ChildChecks {
    /// That the plugin can be loaded, and implements its interfaces.
    Load,
    /// The same, and the checks of its providers of `kt.doctor/1`.
    Doctor,
}

/// How the child ended.
struct ChildEnd {
    /// `None` if it was killed, because it did not end in time.
    status: Option<ExitStatus>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// Checks a plugin in a child process. The error of the report says how the child
/// ended, if it did not report.
pub(in crate::commands) fn check_in_child(
    plugin: &DiscoveredPlugin,
    checks: ChildChecks,
    context: &CommandContext<'_>,
) -> CheckReport {
    // The child ends itself when a function of the plugin takes too long, and names it.
    let margin = Duration::from_secs(2);
    let limit = match checks {
        ChildChecks::Load => LIMIT + margin,
        ChildChecks::Doctor => LIMIT + DOCTOR_TIMEOUT + LIMIT + margin,
    };
    let end = command(plugin, checks, context).spawn().map_or_else(
        |e| Err(Error::internal("kt cannot run itself").cause(e)),
        |child| Ok(wait(child, Instant::now() + limit)),
    );
    let report = end.and_then(|end| report_of(&end).ok_or_else(|| unreported(plugin, &end, limit)));
    report.unwrap_or_else(|error| CheckReport {
        error: Some(error),
        ..CheckReport::default()
    })
}

fn command(
    plugin: &DiscoveredPlugin,
    checks: ChildChecks,
    context: &CommandContext<'_>,
) -> Command {
    let mut command = Command::new(&context.env.exe);
    let dirs = context.search.iter();
    for dir in dirs.filter(|dir| dir.source == PluginSource::Option) {
        command.arg("--plugin-dir").arg(&dir.path);
    }
    if options::early_flag(context.env, "--only-bundled") {
        command.arg("--only-bundled");
    }
    if let Some(profile) = options::early_value(context.env, "--profile") {
        command.arg("--profile").arg(profile);
    }
    command
        .args(["--json", "--no-input", "plugin", "check"])
        .arg(&plugin.dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if checks == ChildChecks::Doctor {
        command.arg("--doctor");
    }
    command
}

fn wait(mut child: Child, deadline: Instant) -> ChildEnd {
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let remaining = || deadline.saturating_duration_since(Instant::now());
    // A program that the plugin started may keep the streams open.
    let stdout = stdout.recv_timeout(remaining()).unwrap_or_default();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Some(status),
            Ok(None) if !remaining().is_zero() => std::thread::sleep(POLL_INTERVAL),
            _ => break None,
        }
    };
    if status.is_none() {
        // It may end at this moment.
        drop(child.kill());
        drop(child.wait());
    }
    let stderr = stderr.recv_timeout(Duration::from_secs(1));
    ChildEnd {
        status,
        stdout,
        stderr: stderr.unwrap_or_default(),
    }
}

/// Reads a stream in a thread of its own: its beginning is kept, and all of it is read,
/// so that the child does not block.
fn collect(stream: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            drop(stream.by_ref().take(MAX_OUTPUT).read_to_end(&mut bytes));
            drop(io::copy(&mut stream, &mut io::sink()));
        }
        // The receiver does not wait if the child was killed.
        drop(sender.send(bytes));
    });
    receiver
}

/// Returns the report of a child that ended as it should.
fn report_of(end: &ChildEnd) -> Option<CheckReport> {
    let succeeded = end.status.is_some_and(|status| status.success());
    succeeded.then(|| serde_json::from_slice(&end.stdout).ok())?
}

/// Returns the error for a child that did not report: its own, or how it ended.
fn unreported(plugin: &DiscoveredPlugin, end: &ChildEnd, limit: Duration) -> Error {
    let stderr = String::from_utf8_lossy(&end.stderr);
    if let Some(error) = reported_error(&stderr) {
        return error;
    }
    let how = match end.status {
        None => format!("did not return within {} s", limit.as_secs()),
        Some(status) => match (status.signal(), status.code()) {
            (Some(signal), _) => format!("ended the process with signal {signal}"),
            (_, code) => format!("ended the process with exit code {}", code.unwrap_or(0)),
        },
    };
    let message = format!("plugin `{}` {how} while it was checked", plugin.name());
    let mut error = Error::new(Class::Plugin, "plugin-crashed", message)
        .hint("this is a bug in the plugin; report it to its author")
        .data("plugin", plugin.name());
    let lines: Vec<&str> = stderr.lines().filter(|l| !l.trim().is_empty()).collect();
    for line in lines.iter().skip(lines.len().saturating_sub(LAST_LINES)) {
        let line: String = line.chars().filter(|c| !c.is_control()).take(200).collect();
        error = error.cause(format!("standard error: {line}"));
    }
    error
}

/// Returns the error that the child printed: in one line if it crashed.
fn reported_error(stderr: &str) -> Option<Error> {
    let of = |text: &str| {
        let mut whole: Value = serde_json::from_str(text).ok()?;
        serde_json::from_value(whole.get_mut("error")?.take()).ok()
    };
    of(stderr).or_else(|| stderr.lines().rev().find_map(of))
}
