//! Runs a command of a plugin.

use super::call_context::{CallContext, CallResult};
use super::call_failure::CallFailure;
use super::console::Console;
use super::context::context;
use super::process_call;
use super::providers::Providers;
use super::signals::SignalState;
use super::transport::Transport;
use crate::crash::{self, HangPolicy, SignalPolicy};
use crate::discovery::DiscoveredPlugin;
use crate::discovery::PluginManifest;
use crate::load::LoadedPlugin;
use crate::process::PluginProcess;
use kt_plugin_api::abi::{COMMAND_INTERFACE, KtStr, cancel, status};
use kt_plugin_api::manifest::CommandSpec;
use kt_plugin_api::{Class, Error, Invocation, Output};
use serde_json::json;
use std::time::Duration;

/// How long a plugin may neither return nor call the host after a deadline.
const GRACE: Duration = Duration::from_secs(5);
/// How long a command that changes nothing may take after a signal.
const SIGNAL_GRACE: Duration = Duration::from_secs(1);
/// The same for commands that change state.
pub(crate) const CHANGE_GRACE: Duration = Duration::from_secs(120);

/// Runs commands of plugins.
pub(crate) struct Runner<'a> {
    pub(crate) providers: &'a Providers<'a>,
    pub(crate) console: &'a dyn Console,
}

impl Runner<'_> {
    /// Loads the plugin and runs its command.
    ///
    /// # Errors
    /// The error of the plugin, or class `plugin` if it violated the contract.
    pub(crate) fn run(
        &self,
        (plugin, manifest, spec): (&DiscoveredPlugin, &PluginManifest, &CommandSpec),
        invocation: &Invocation,
        deadline: u64,
    ) -> Result<Output, Error> {
        // Before the library is loaded, whose constructors may hang as well.
        let signals = SignalState::listen(spec.long_running, hang_policy(spec))
            .map_err(|e| Error::internal("cannot listen for signals").cause(e))?;
        let transport = self.providers.load(plugin, manifest)?;
        let call = CallContext::new(self.providers, self.console, Some(signals), deadline);
        let json = if self.providers.unknown_keys {
            serde_json::to_value(invocation).map(|mut json| {
                json["kt_unknown_key"] = json!({ "unknown": [1] });
                json.to_string()
            })
        } else {
            serde_json::to_string(invocation)
        };
        let json =
            json.map_err(|e| Error::internal("the invocation cannot be written").cause(e))?;
        match transport {
            Transport::Library(loaded) => run_command(loaded, &call, (&invocation.path, &json)),
            Transport::Process(process) => {
                run_in_process(&process, &call, (&invocation.path, &json))
            }
        }
        .map_err(|failure| of_signal(failure.into_error(plugin, manifest), call.cancellation()))
    }
}

/// Returns the error of a cancelled command, with the class of the signal: libraries of plugins
/// may know only that they were cancelled.
fn of_signal(mut error: Error, reason: i32) -> Error {
    if error.class == Class::Interrupted && reason == cancel::TERMINATE {
        error.class = Class::Terminated;
        error.message = error.message.replacen("interrupted", "terminated", 1);
        if error.id == Class::Interrupted.name() {
            Class::Terminated.name().clone_into(&mut error.id);
        }
    }
    error
}

fn run_in_process(
    process: &PluginProcess,
    call: &CallContext<'_>,
    invocation: (&[String], &str),
) -> Result<Output, CallFailure> {
    let result = process_call::run_command(call, process, invocation)?;
    serde_json::from_str(&result)
        .map_err(|e| CallFailure::violation(format!("its result is malformed: {e}")))
}

/// Runs a command of a library in this process, with an invocation as JSON.
pub(crate) fn run_command(
    loaded: &LoadedPlugin,
    call: &CallContext<'_>,
    (path, invocation): (&[String], &str),
) -> Result<Output, CallFailure> {
    let command = loaded.command().map_err(|e| {
        CallFailure::violation(format!("its `{COMMAND_INTERFACE}` cannot be used: {e}"))
    })?;
    let run = command
        .functions
        .run
        .ok_or_else(|| CallFailure::violation("its `kt.command/1` has no `run`"))?;
    let context = context(call);
    let guard = crash::enter_until(
        loaded.identity(),
        call.deadline(),
        format_args!("command `{}`", path.join(" ")),
    );
    // SAFETY: the state of the plugin; string and context outlive the call.
    let code = unsafe { run(command.state, KtStr::new(invocation), &raw const context) };
    drop(guard);
    interpret(code, call.take_result())
}

/// Returns when a call that does not return is given up. A command that changes state
/// may roll back after its deadline, which takes as long as its slowest step.
fn hang_policy(spec: &CommandSpec) -> HangPolicy {
    HangPolicy {
        grace: if spec.dry_run { CHANGE_GRACE } else { GRACE },
        ends_process: !spec.long_running,
        after_signal: if spec.long_running {
            SignalPolicy::Waits
        } else if spec.mutates || spec.dry_run {
            SignalPolicy::EndsIfSilent(CHANGE_GRACE)
        } else {
            SignalPolicy::EndsAfter(SIGNAL_GRACE)
        },
    }
}

/// Converts the status and the result of a call.
fn interpret(code: i32, result: CallResult) -> Result<Output, CallFailure> {
    if let Some(problem) = result.violation {
        return Err(CallFailure::violation(problem));
    }
    Err(match (code, result.output, result.error) {
        (status::OK, Some(output), None) => return Ok(output),
        (status::OK, _, Some(error)) => CallFailure::violation(format!(
            "it returned success and the error: {}",
            error.message
        )),
        (status::OK, None, None) => CallFailure::violation("it returned success without a result"),
        (status::PANIC, _, error) => CallFailure::violation(
            error.map_or_else(|| "it panicked".to_owned(), |e| e.to_string()),
        ),
        (_, _, Some(error)) => CallFailure::Reported(error),
        (code, _, None) => {
            CallFailure::violation(format!("it returned status {code} without an error"))
        }
    })
}
