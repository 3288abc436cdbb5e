//! The state of a call into a plugin: of a command, or of a method of a provider; and
//! the providers that the call has access to.

#![forbid(unsafe_code)]

use super::console::{Console, PromptRequest};
use super::signals::{SignalObserver, SignalState};
use crate::clock::{unix_ms, unix_ms_after};
use crate::crash::PluginIdentity;
use kt_plugin_api::abi::{KtInterfaceV1, cancel, emit, status};
use kt_plugin_api::{Error, Event, Output, ProviderInfo};
use serde_json::Value;
use serde_json::value::RawValue;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

/// The deadline of an interface call, unless the caller or the command has one.
const DEFAULT_CALL_TIMEOUT: Duration = Duration::from_secs(60);

/// A call into a plugin, with what its context gives access to.
pub(crate) struct CallContext<'a> {
    kind: CallKind,
    signals: Option<Arc<SignalState>>,
    /// Unix time in milliseconds; 0 for none.
    deadline: u64,
    ignores_cancellation: bool,
    pub(super) providers: &'a dyn ProviderAccess,
    pub(super) console: &'a dyn Console,
    result: Mutex<CallResult>,
}

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CallKind {
    /// A command, which emits a result.
    Command,
    /// A method of a provider, which replies.
    Method,
}

/// What a call reported through its context.
#[derive(Default)]
pub(super) struct CallResult {
    pub(super) output: Option<Output>,
    pub(super) error: Option<Error>,
    /// How the call violated the contract.
    pub(super) violation: Option<String>,
}

/// What a call can reach beyond its own plugin.
pub(crate) trait ProviderAccess: Sync {
    /// Returns the providers of an interface, by preference.
    fn list(&self, interface: &str) -> Result<Vec<ProviderInfo>, Error>;
    /// Opens a provider: the named one, or the preferred one that can be used.
    fn open(&self, interface: &str, name: &str) -> Result<OpenProvider, Error>;
    /// Takes the next descriptor from the service manager, with its name.
    fn take_inherited(&self) -> Option<(String, OwnedFd)>;
}

/// An open provider.
pub(crate) struct OpenProvider {
    pub(crate) plugin: String,
    pub(crate) version: String,
    /// Its library or program; empty if it is not known here.
    pub(crate) path: PathBuf,
    pub(crate) interface: String,
    pub(crate) name: String,
    pub(crate) implementation: Implementation,
}

/// Where the code of a provider is.
pub(crate) enum Implementation {
    /// In this process.
    Library(&'static PluginIdentity, KtInterfaceV1),
    /// In another one.
    Remote(Box<dyn RemoteProvider>),
}

/// A provider in another process.
pub(crate) trait RemoteProvider: Send + Sync {
    /// Calls a method with JSON without line feeds, and returns valid JSON.
    fn call(
        &self,
        method: &str,
        request: Box<RawValue>,
        call: &CallContext<'_>,
    ) -> Result<String, Error>;
}

impl<'a> CallContext<'a> {
    /// Creates the context of a command, or of calls by the host; `deadline` is a
    /// Unix time in milliseconds, 0 for none.
    pub(crate) fn new(
        providers: &'a dyn ProviderAccess,
        console: &'a dyn Console,
        signals: Option<Arc<SignalState>>,
        deadline: u64,
    ) -> Self {
        Self {
            kind: CallKind::Command,
            signals,
            deadline,
            ignores_cancellation: false,
            providers,
            console,
            result: Mutex::default(),
        }
    }

    /// Creates the context of an interface call within this one. It has the earlier
    /// of both deadlines, or a default if there is none. A call that ignores the
    /// cancellation has only its own deadline.
    pub(super) fn of_call(&self, own_deadline: u64, ignores_cancellation: bool) -> Self {
        let of_caller = if ignores_cancellation {
            0
        } else {
            self.deadline
        };
        let deadline = [of_caller, own_deadline].into_iter().filter(|ms| *ms != 0);
        Self {
            kind: CallKind::Method,
            signals: self.signals.clone().filter(|_| !ignores_cancellation),
            deadline: deadline
                .min()
                .unwrap_or_else(|| unix_ms_after(DEFAULT_CALL_TIMEOUT)),
            ignores_cancellation,
            providers: self.providers,
            console: self.console,
            result: Mutex::default(),
        }
    }

    /// Creates the context of a method that another process calls, which has computed
    /// the deadline.
    pub(crate) fn of_method(self) -> Self {
        Self {
            kind: CallKind::Method,
            ..self
        }
    }

    pub(crate) fn deadline(&self) -> u64 {
        self.deadline
    }

    /// Returns whether the caller requested that signals do not cancel the call.
    pub(crate) fn ignores_cancellation(&self) -> bool {
        self.ignores_cancellation
    }

    /// Returns the time until the deadline, if there is one.
    pub(super) fn remaining(&self) -> Option<Duration> {
        let left = self.deadline.saturating_sub(unix_ms());
        (self.deadline != 0).then(|| Duration::from_millis(left))
    }

    /// Prompts the user.
    pub(super) fn ask(&self, kind: &str, question: &str) -> Result<String, Error> {
        self.console.ask(&PromptRequest {
            kind,
            question,
            signals: self.signals.as_deref(),
            remaining: self.remaining(),
        })
    }

    /// Calls the observer after every signal, as long as it exists.
    pub(super) fn observe_signals(&self, observer: Weak<dyn SignalObserver>) {
        if let Some(signals) = &self.signals {
            signals.observe(observer);
        }
    }

    pub(super) fn cancel_fd(&self) -> i32 {
        self.signals.as_ref().map_or(-1, |s| s.fd())
    }

    pub(super) fn reload_count(&self) -> u64 {
        self.signals.as_ref().map_or(0, |s| s.reloads())
    }

    /// Returns the reason of the cancellation; see [`cancel`].
    pub(super) fn cancellation(&self) -> i32 {
        let signal = self
            .signals
            .as_ref()
            .map_or(cancel::NONE, |s| s.cancelled());
        if signal == cancel::NONE && self.deadline != 0 && unix_ms() >= self.deadline {
            return cancel::DEADLINE;
        }
        signal
    }

    /// Handles `emit`, and returns a status.
    pub(super) fn emit(&self, kind: u32, json: &str) -> i32 {
        let handled = match kind {
            emit::RESULT => return self.set_result(json),
            emit::EVENT => {
                serde_json::from_str::<Event>(json).map(|event| self.console.event(&event))
            }
            emit::PARTIAL_RESULT => match serde_json::from_str::<Output>(json) {
                Ok(part) => return self.part(&part),
                Err(error) => Err(error),
            },
            emit::PROGRESS => message(json).map(|text| self.console.progress(&text)),
            emit::WARNING => message(json).map(|text| self.console.warn(&text)),
            // Kinds of later minor versions are ignored.
            _ => Ok(()),
        };
        match handled {
            Err(_) => status::INVALID,
            Ok(()) => self.status(),
        }
    }

    /// Tells a plugin that emits without end that the call is cancelled.
    fn status(&self) -> i32 {
        match self.cancellation() {
            cancel::NONE => status::OK,
            _ => status::CANCELLED,
        }
    }

    fn set_result(&self, json: &str) -> i32 {
        if self.kind == CallKind::Method {
            return status::UNSUPPORTED;
        }
        let output = serde_json::from_str::<Output>(json);
        let Ok(mut result) = self.result.lock() else {
            return status::FAILED;
        };
        match output {
            Ok(_) if result.output.is_some() => {
                result.violation = Some("it emitted more than one result".to_owned());
                status::INVALID
            }
            Ok(output) => {
                result.output = Some(output);
                status::OK
            }
            Err(e) => {
                result.violation = Some(format!("its result is malformed: {e}"));
                status::INVALID
            }
        }
    }

    /// Cancels the command if its parts can no longer be written.
    fn part(&self, part: &Output) -> i32 {
        if self.console.part(part) {
            return self.status();
        }
        if let Some(signals) = &self.signals {
            signals.interrupt();
        }
        status::CANCELLED
    }

    /// Handles `fail`.
    pub(super) fn fail(&self, json: &str) {
        let parsed = serde_json::from_str(json);
        if let Ok(mut result) = self.result.lock() {
            match parsed {
                Ok(error) => result.error = Some(error),
                Err(e) => result.violation = Some(format!("its error is malformed: {e}")),
            }
        }
    }

    /// Records that a text which the plugin passed cannot be read.
    pub(super) fn invalid_text(&self, problem: &impl std::fmt::Display) {
        if let Ok(mut result) = self.result.lock() {
            result.violation = Some(format!("it passed an invalid text: {problem}"));
        }
    }

    /// Returns what the call reported; nothing remains.
    pub(super) fn take_result(&self) -> CallResult {
        self.result
            .lock()
            .map(|mut result| std::mem::take(&mut *result))
            .unwrap_or_default()
    }
}

fn message(json: &str) -> Result<String, serde_json::Error> {
    let value: Value = serde_json::from_str(json)?;
    Ok(value
        .get("message")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned())
}
