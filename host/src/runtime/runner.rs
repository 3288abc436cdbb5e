//! Runs a command of a plugin.

use super::call_context::{CallContext, CallResult};
use super::console::Console;
use super::context::context;
use super::providers::Providers;
use super::signals::SignalState;
use crate::crash::{self, HangPolicy};
use crate::discovery::DiscoveredPlugin;
use kt_plugin_api::abi::{COMMAND_INTERFACE, KtStr, status};
use kt_plugin_api::manifest::{CommandSpec, Manifest};
use kt_plugin_api::{Class, Error, Invocation, Output};
use serde_json::json;
use std::time::Duration;

/// How long a plugin may neither return nor call the host after a deadline.
const GRACE: Duration = Duration::from_secs(5);
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
        (plugin, manifest, spec): (&DiscoveredPlugin, &Manifest, &CommandSpec),
        invocation: &Invocation,
        deadline: u64,
    ) -> Result<Output, Error> {
        // Before the library is loaded, whose constructors may hang as well.
        let signals = SignalState::listen(spec.long_running, hang_policy(spec))
            .map_err(|e| Error::internal("cannot listen for signals").cause(e))?;
        let loaded = self.providers.load(plugin, manifest)?;
        let command = loaded.command().map_err(|e| {
            let message = format!("its `{COMMAND_INTERFACE}` cannot be used");
            contract_violation(plugin, manifest, &message).cause(e)
        })?;
        let run = command.functions.run.ok_or_else(|| {
            contract_violation(plugin, manifest, "its `kt.command/1` has no `run`")
        })?;
        let call = CallContext::new(self.providers, self.console, Some(signals), deadline);
        let mut json = serde_json::to_value(invocation)
            .map_err(|e| Error::internal("the invocation cannot be written").cause(e))?;
        if self.providers.unknown_keys {
            json["kt_unknown_key"] = json!({ "unknown": [1] });
        }
        let json = json.to_string();
        let context = context(&call);
        let guard = crash::enter_until(
            loaded.identity(),
            deadline,
            format_args!("command `{}`", invocation.path.join(" ")),
        );
        // SAFETY: the state of the plugin; string and context outlive the call.
        let code = unsafe { run(command.state, KtStr::new(&json), &raw const context) };
        drop(guard);
        interpret(code, call.take_result())
            .map_err(|e| e.unwrap_or_else(|problem| contract_violation(plugin, manifest, &problem)))
    }
}

/// Returns when a call that does not return is given up. A command that changes state
/// may roll back after its deadline, which takes as long as its slowest step.
fn hang_policy(spec: &CommandSpec) -> HangPolicy {
    HangPolicy {
        grace: if spec.dry_run { CHANGE_GRACE } else { GRACE },
        ends_process: !spec.long_running,
    }
}

/// Converts the status and the result of a call. The error is that of the plugin, or
/// how it violated the contract.
fn interpret(code: i32, result: CallResult) -> Result<Output, Result<Error, String>> {
    if let Some(problem) = result.violation {
        return Err(Err(problem));
    }
    Err(match (code, result.output, result.error) {
        (status::OK, Some(output), None) => return Ok(output),
        (status::OK, _, Some(error)) => Err(format!(
            "it returned success and the error: {}",
            error.message
        )),
        (status::OK, None, None) => Err("it returned success without a result".to_owned()),
        (status::PANIC, _, error) => {
            Err(error.map_or_else(|| "it panicked".to_owned(), |e| e.to_string()))
        }
        (_, _, Some(error)) => Ok(error),
        (code, _, None) => Err(format!("it returned status {code} without an error")),
    })
}

fn contract_violation(plugin: &DiscoveredPlugin, manifest: &Manifest, reason: &str) -> Error {
    let path = plugin.library().unwrap_or_default();
    Error::new(
        Class::Plugin,
        "plugin-failed",
        format!(
            "plugin `{}` {} (`{}`) failed",
            manifest.name,
            manifest.version,
            path.display()
        ),
    )
    .cause(reason)
    .hint("this is a bug in the plugin; report it to its author")
    .data("plugin", manifest.name.clone())
    .data("version", manifest.version.clone())
    .data("path", path.display().to_string())
}
