//! A plugin in a process of its own.

use super::child::ChildProcess;
use super::connection::{Connection, RunningCall};
use crate::logging;
use crate::rpc::{
    InitializeParams, InitializeResult, LineWriter, METHOD_NOT_FOUND, PROTOCOL, RpcError,
};
use kt_plugin_api::abi::{self, log};
use kt_plugin_api::{Class, Error};
use rustix::process::Signal;
use serde::Serialize;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The time limit of `initialize`, unless the caller has another one.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// The time between SIGTERM and SIGKILL.
const TERMINATION_TIMEOUT: Duration = Duration::from_millis(500);

/// How to start a plugin.
pub(crate) struct ProcessCommand {
    pub(crate) command: Command,
    /// Name and version in the manifest.
    pub(crate) name: String,
    pub(crate) version: String,
    /// The memory limit that `command` sets, for errors.
    pub(crate) memory_limit: Option<String>,
    /// Is called once if the process crashes.
    pub(crate) on_crash: Box<dyn Fn() + Send + Sync>,
    /// The time limit of `initialize`; `None` for the default.
    pub(crate) start_timeout: Option<Duration>,
}

/// A plugin that runs. The process is ended when this is dropped.
pub(crate) struct PluginProcess {
    label: String,
    child: Arc<ChildProcess>,
    connection: Arc<Connection>,
    /// The number of reloads that were sent to the plugin.
    reloads: AtomicU64,
    shut_down: AtomicBool,
    initialized: AtomicBool,
    /// It ended although it was not asked to.
    has_failed: AtomicBool,
    is_crash_recorded: AtomicBool,
    on_crash: Box<dyn Fn() + Send + Sync>,
}

impl PluginProcess {
    /// Starts and initializes a plugin.
    ///
    /// # Errors
    /// Class `plugin`.
    pub(crate) fn start(spec: ProcessCommand) -> Result<Self, Error> {
        let ProcessCommand {
            mut command,
            name,
            version,
            memory_limit,
            on_crash,
            start_timeout,
        } = spec;
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let process =
            Self::connect(command, (&name, &version), memory_limit, on_crash).map_err(|e| {
                Error::new(Class::Plugin, "plugin-failed", "cannot be started").cause(e)
            })?;
        process.initialize(&name, &version, start_timeout.unwrap_or(START_TIMEOUT))?;
        process.initialized.store(true, Ordering::SeqCst);
        Ok(process)
    }

    fn connect(
        command: Command,
        (name, version): (&str, &str),
        memory_limit: Option<String>,
        on_crash: Box<dyn Fn() + Send + Sync>,
    ) -> std::io::Result<Self> {
        // The connection is created with the pipe of the child, and ended by the thread
        // that starts the child.
        let slot = Arc::new(std::sync::OnceLock::<Arc<Connection>>::new());
        let ended = Arc::clone(&slot);
        let (child, stdin, stdout) = ChildProcess::start(command, name, memory_limit, move || {
            // The other thread sets it immediately after the start.
            ended.wait().end();
        })?;
        let connection = LineWriter::new(stdin.into()).map(Connection::new);
        let connection = Arc::clone(slot.get_or_init(|| {
            // Without a writer, the plugin cannot be initialized, and is ended.
            Arc::new(connection.unwrap_or_else(|_| Connection::new(LineWriter::closed())))
        }));
        let (reader, of_child) = (Arc::clone(&connection), Arc::clone(&child));
        std::thread::Builder::new()
            .name(format!("stdout of {name}"))
            .spawn(move || reader.read(stdout, &of_child))?;
        Ok(Self {
            label: format!("plugin `{name}` {version}"),
            child,
            connection,
            reloads: AtomicU64::new(0),
            shut_down: AtomicBool::new(false),
            initialized: AtomicBool::new(false),
            has_failed: AtomicBool::new(false),
            is_crash_recorded: AtomicBool::new(false),
            on_crash,
        })
    }

    fn initialize(&self, name: &str, version: &str, timeout: Duration) -> Result<(), Error> {
        let call = self.connection.begin("initialize", |_| InitializeParams {
            protocol: PROTOCOL,
            host_version: env!("CARGO_PKG_VERSION").to_owned(),
            abi: format!("{}.{}", abi::ABI_MAJOR, abi::ABI_MINOR),
            name: name.to_owned(),
            version: version.to_owned(),
            log_level: logging::level_name(logging::max_level()).to_owned(),
            features: Vec::new(),
        });
        let response = call.response(timeout);
        if response.is_none() {
            self.child.kill("it did not answer `initialize` in time");
        }
        let response = response.ok_or_else(|| self.ended("`initialize`"))?;
        let result = response.map_err(|error| {
            error_of(&error, "`initialize`").unwrap_or_else(|violation| violation)
        })?;
        check_identity(&result, name, version)
    }

    /// Sends a request, whose id is also that of the call.
    pub(crate) fn begin<P: Serialize>(
        &self,
        method: &'static str,
        params: impl FnOnce(u64) -> P,
    ) -> RunningCall<'_> {
        self.connection.begin(method, params)
    }

    /// Sends the number of reload requests, unless it was sent.
    pub(crate) fn reload(&self, count: u64) {
        if self.reloads.fetch_max(count, Ordering::SeqCst) < count {
            self.connection.notify("reload", &serde_json::json!({}));
        }
    }

    /// Kills the process, because it did not do what `reason` says.
    pub(crate) fn kill(&self, reason: &str) {
        self.child.kill(reason);
    }

    /// Returns the error of a call during which the process ended.
    pub(crate) fn ended(&self, during: &str) -> Error {
        let deadline = Instant::now() + TERMINATION_TIMEOUT * 2;
        let exit = self.child.exit(deadline);
        self.has_failed.store(true, Ordering::SeqCst);
        // An exit before is a failure to start, as without an interpreter.
        self.record_crash(self.initialized.load(Ordering::SeqCst));
        exit.error(during)
    }

    fn record_crash(&self, exits_count: bool) {
        if self.child.has_crashed(exits_count)
            && !self.is_crash_recorded.swap(true, Ordering::SeqCst)
        {
            (self.on_crash)();
        }
    }

    /// Returns whether the process ended during a call.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::SeqCst)
    }

    /// Asks the plugin to end.
    pub(crate) fn begin_shutdown(&self) {
        if !self.shut_down.swap(true, Ordering::SeqCst) {
            // The response is optional: the end of the process is the answer.
            drop(self.connection.begin("shutdown", |_| serde_json::json!({})));
            self.connection.close();
        }
    }

    /// Waits for the end of the process, and ends it after the deadline. What it has written is
    /// logged then.
    pub(crate) fn finish_shutdown(&self, deadline: Instant) {
        self.end_before(deadline);
        self.child.wait_drained();
    }

    fn end_before(&self, deadline: Instant) {
        if self.child.wait_ended(deadline) {
            // The exit code of an orderly end is up to the program.
            self.record_crash(false);
            return;
        }
        let message = format!("{} did not shut down in time", self.label);
        logging::record(log::WARN, "host", &message, "");
        self.child.signal(Signal::TERM);
        if !self.child.wait_ended(Instant::now() + TERMINATION_TIMEOUT) {
            self.child.kill("it did not shut down in time");
            self.child.wait_ended(Instant::now() + TERMINATION_TIMEOUT);
        }
    }
}

impl Drop for PluginProcess {
    /// Without an orderly shutdown, the host itself has failed.
    fn drop(&mut self) {
        let now = Instant::now();
        if !self.child.wait_ended(now) {
            self.child.kill("it is not used anymore");
            self.child.wait_ended(now + TERMINATION_TIMEOUT);
        }
    }
}

/// Returns the error that a plugin reported, or how its response violates the contract.
///
/// # Errors
/// Class `plugin`.
pub(crate) fn error_of(error: &RpcError, during: &str) -> Result<Error, Error> {
    let violation = |message: &str| Error::new(Class::Plugin, "invalid-response", message);
    match &error.data {
        Some(data) => serde_json::from_str(data.get())
            .map_err(|e| violation("its error is malformed").cause(e)),
        None if error.code == METHOD_NOT_FOUND => {
            let message = format!("it does not support {during}");
            Err(Error::new(Class::Plugin, "unsupported-method", message))
        }
        None => Err(violation(&format!(
            "it returned error {} without an error object: {}",
            error.code, error.message
        ))),
    }
}

fn check_identity(result: &str, name: &str, version: &str) -> Result<(), Error> {
    let incompatible = |message: String| Error::new(Class::Plugin, "plugin-incompatible", message);
    let result: InitializeResult = serde_json::from_str(result)
        .map_err(|e| incompatible("its answer to `initialize` is malformed".to_owned()).cause(e))?;
    if result.protocol != PROTOCOL {
        return Err(incompatible(format!(
            "it speaks version {} of the protocol, and this version of kt supports {PROTOCOL}",
            result.protocol
        ))
        .hint("install a matching version of the plugin or of kt"));
    }
    if (result.name.as_str(), result.version.as_str()) != (name, version) {
        return Err(incompatible(format!(
            "the program is {} {}, but its manifest is for {name} {version}",
            result.name, result.version
        ))
        .hint("reinstall the plugin"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::PluginProcess;
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    /// The last lines of a plugin were lost when kt ended before they were read.
    #[test]
    fn a_shutdown_waits_for_what_the_process_has_written() {
        let mut command = Command::new("sh");
        // With job control, `cat` is in a group of its own, and holds standard error open after
        // the end of the shell.
        command
            .args(["-c", "set -m; cat <&0 >/dev/null &"])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let process = PluginProcess::connect(command, ("a", "1"), None, Box::new(|| {})).unwrap();
        process.finish_shutdown(Instant::now() + Duration::from_secs(60));
        assert!(process.child.is_drained());
    }
}
