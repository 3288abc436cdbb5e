//! The child process: its streams, its end, and what its group leaves behind.

use super::exit::{ProcessExit, is_fault};
use super::groups;
use super::stderr_lines::StderrLines;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, waitid};
use std::io::Result;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the host reads what an ended process has written. A process that left the
/// group may hold the pipe open forever.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(500);

/// A process, which is the leader of its group.
pub(super) struct ChildProcess {
    pid: Pid,
    memory_limit: Option<String>,
    stderr: StderrLines,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Why the host ended the process.
    killed_for: Option<String>,
    status: Option<ExitStatus>,
    has_ended: bool,
    /// Its output was read, as far as that is possible.
    is_drained: bool,
    /// The streams that were read to their ends.
    stdout_read: bool,
    stderr_read: bool,
}

impl ChildProcess {
    /// Starts the command, whose streams are pipes. `ended` is called at the end of the
    /// process, when all of its output is read.
    pub(super) fn start(
        mut command: Command,
        plugin: &str,
        memory_limit: Option<String>,
        ended: impl FnOnce() + Send + 'static,
    ) -> Result<(Arc<Self>, ChildStdin, ChildStdout)> {
        let (sender, started) = mpsc::sync_channel(1);
        let plugin = plugin.to_owned();
        let name = |stream: &str| format!("{stream} of {plugin}");
        let stderr_name = name("stderr");
        let builder = std::thread::Builder::new().name(name("process"));
        // Linux signals a child at the end of the thread that started it, not of the
        // process: this thread lives as long as the child.
        builder.spawn(move || {
            let mut child = match command.spawn() {
                Ok(child) => child,
                Err(error) => return drop(sender.send(Err(error))),
            };
            let process = Arc::new(Self {
                pid: Pid::from_child(&child),
                memory_limit,
                stderr: StderrLines::default(),
                state: Mutex::default(),
                changed: Condvar::new(),
            });
            groups::register(process.pid);
            let streams = (child.stdin.take(), child.stdout.take());
            if let Some(stderr) = child.stderr.take() {
                let reader = Arc::clone(&process);
                let spawned = std::thread::Builder::new()
                    .name(stderr_name)
                    .spawn(move || {
                        reader.stderr.read(stderr, &plugin);
                        reader.change(|state| state.stderr_read = true);
                    });
                if spawned.is_err() {
                    process.change(|state| state.stderr_read = true);
                }
            }
            if let (Some(stdin), Some(stdout)) = streams {
                drop(sender.send(Ok((Arc::clone(&process), stdin, stdout))));
            }
            process.wait(&mut child);
            ended();
        })?;
        started
            .recv()
            .unwrap_or_else(|_| Err(std::io::Error::other("its streams cannot be opened")))
    }

    fn wait(&self, child: &mut Child) {
        // The group is killed before the leader is reaped: its number is not reused yet.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while matches!(waitid(WaitId::Pid(self.pid), options), Err(Errno::INTR)) {}
        let status = groups::reap(self.pid, || child.wait().ok());
        self.change(|state| {
            state.status = status;
            state.has_ended = true;
        });
        let unread = |state: &mut State| !(state.stdout_read && state.stderr_read);
        let state = self.lock();
        drop(
            self.changed
                .wait_timeout_while(state, DRAIN_TIMEOUT, unread),
        );
        self.change(|state| state.is_drained = true);
    }

    /// Kills the group for the given reason, unless there was one before.
    pub(super) fn kill(&self, reason: &str) {
        self.change(|state| {
            if !state.has_ended && state.killed_for.is_none() {
                state.killed_for = Some(reason.to_owned());
            }
        });
        self.signal(Signal::KILL);
    }

    pub(super) fn signal(&self, signal: Signal) {
        groups::signal(self.pid, signal);
    }

    /// Records that standard output was read to its end.
    pub(super) fn stdout_read(&self) {
        self.change(|state| state.stdout_read = true);
    }

    /// Waits for the end of the process; returns whether it has ended.
    pub(super) fn wait_ended(&self, deadline: Instant) -> bool {
        self.wait_for(deadline, |state| state.has_ended)
    }

    /// Waits, for a bounded time, until what the process has written before its end is read and
    /// logged; returns whether it is.
    pub(super) fn wait_drained(&self) -> bool {
        // The thread that waits for the end of the process decides; its time is the bound.
        self.wait_for(Instant::now() + DRAIN_TIMEOUT * 2, |state| state.is_drained)
    }

    #[cfg(test)]
    pub(super) fn is_drained(&self) -> bool {
        self.lock().is_drained
    }

    fn wait_for(&self, deadline: Instant, condition: impl Fn(&State) -> bool) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        let waiting = |state: &mut State| !condition(state);
        let waited = self.changed.wait_timeout_while(self.lock(), left, waiting);
        condition(&waited.unwrap_or_else(PoisonError::into_inner).0)
    }

    /// Returns whether the process has crashed: by a fault, or if `exits_count` with any
    /// exit code. A process that the host killed has not.
    pub(super) fn has_crashed(&self, exits_count: bool) -> bool {
        let state = self.lock();
        let status = state.status.filter(|_| state.killed_for.is_none());
        status.is_some_and(|status| is_fault(status) || (exits_count && status.code().is_some()))
    }

    /// Waits until the process has ended and its output is read, and describes its end.
    pub(super) fn exit(&self, deadline: Instant) -> ProcessExit {
        self.wait_for(deadline, |state| state.is_drained);
        let stderr = self.stderr.last();
        let state = self.lock();
        match &state.killed_for {
            Some(reason) => ProcessExit::new(reason, stderr),
            None => ProcessExit::from_status(state.status, stderr, self.memory_limit.as_deref()),
        }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
