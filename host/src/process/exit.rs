//! How the process of a plugin ended.

use kt_plugin_api::{Class, Error};
use signal_hook::consts::{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGKILL, SIGSEGV, SIGSYS, SIGTRAP};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// The signals of a fault. Others come from outside, as from a user or from the system
/// when memory is short.
const FAULTS: [i32; 7] = [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS];

/// Returns whether a fault signal ended a process.
pub(super) fn is_fault(status: ExitStatus) -> bool {
    status
        .signal()
        .is_some_and(|signal| FAULTS.contains(&signal))
}

/// The end of a process.
#[derive(Debug, Clone)]
pub(crate) struct ProcessExit {
    /// Why the plugin cannot be used anymore.
    pub(super) reason: String,
    /// The last lines of its standard error.
    pub(super) stderr: Vec<String>,
    pub(super) hint: Option<String>,
}

impl ProcessExit {
    pub(super) fn new(reason: impl Into<String>, stderr: Vec<String>) -> Self {
        Self {
            reason: reason.into(),
            stderr,
            hint: None,
        }
    }

    /// Describes an exit status; `memory_limit` is for the hint.
    pub(super) fn from_status(
        status: Option<ExitStatus>,
        stderr: Vec<String>,
        memory_limit: Option<&str>,
    ) -> Self {
        let reason = match status.map(|s| (s.code(), s.signal())) {
            Some((Some(code), _)) => format!("its process exited with code {code}"),
            Some((_, Some(signal))) => {
                let name = signal_hook::low_level::signal_name(signal).unwrap_or("unknown");
                format!("its process was ended by signal {signal} ({name})")
            }
            _ => "its process ended".to_owned(),
        };
        // What happens if an allocation fails is up to the program.
        let by_signal = status.and_then(|s| s.signal());
        let aborted = matches!(by_signal, Some(SIGABRT | SIGSEGV | SIGBUS | SIGKILL));
        let mentioned = stderr
            .iter()
            .any(|line| line.to_lowercase().contains("memory"));
        let hint = memory_limit.filter(|_| aborted || mentioned);
        Self {
            reason,
            stderr,
            hint: hint.map(|limit| {
                format!(
                    "if the plugin needs more than {limit} of memory, raise `plugins.memory_limit` in config.toml"
                )
            }),
        }
    }

    /// Returns an error; `during` is what ran.
    pub(super) fn error(&self, during: &str) -> Error {
        let message = format!("{} during {during}", self.reason);
        let mut error = Error::new(Class::Plugin, "plugin-process-ended", message);
        for line in &self.stderr {
            error = error.cause(format!("stderr: {line}"));
        }
        if let Some(hint) = &self.hint {
            error = error.hint(hint.clone());
        }
        if !self.stderr.is_empty() {
            error = error.data("stderr", self.stderr.clone());
        }
        error
    }
}
