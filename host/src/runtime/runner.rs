//! Runs a command of a plugin.

use super::console::Console;
use super::context::{CallContext, CallResult};
use super::providers::Providers;
use super::signals::SignalState;
use crate::discovery::DiscoveredPlugin;
use crate::load::Vtable;
use kt_plugin_api::abi::{COMMAND_INTERFACE, KtStr, status};
use kt_plugin_api::manifest::{CommandSpec, Manifest};
use kt_plugin_api::{Class, Error, Invocation, Output};
use std::sync::Mutex;

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
        let loaded = self.providers.load(plugin, manifest)?;
        let Some(Vtable::Command(vtable, state)) = loaded.interface(COMMAND_INTERFACE) else {
            return Err(contract_violation(
                plugin,
                "it does not implement `kt.command/1`, although its manifest declares commands",
            ));
        };
        let run = vtable
            .run
            .ok_or_else(|| contract_violation(plugin, "its `kt.command/1` has no `run`"))?;
        let signals = SignalState::listen(spec.long_running)
            .map_err(|e| Error::internal("cannot listen for signals").cause(e))?;
        let call = CallContext {
            signals: Some(signals),
            deadline,
            providers: self.providers,
            console: self.console,
            result: Mutex::default(),
        };
        let json = serde_json::to_string(invocation)
            .map_err(|e| Error::internal("the invocation cannot be written").cause(e))?;
        let context = call.context();
        // SAFETY: the state of the plugin; string and context outlive the call.
        let code = unsafe { run(state, KtStr::new(&json), &raw const context) };
        let result = call.result.into_inner().unwrap_or_default();
        interpret(plugin, code, result)
    }
}

/// Converts the status and the result of a call.
fn interpret(plugin: &DiscoveredPlugin, code: i32, result: CallResult) -> Result<Output, Error> {
    if let Some(problem) = result.malformed {
        return Err(contract_violation(
            plugin,
            &format!("its result is malformed: {problem}"),
        ));
    }
    match (code, result.output, result.error) {
        (status::OK, Some(output), None) => Ok(output),
        (status::OK, _, _) => Err(contract_violation(
            plugin,
            "it returned success without a result",
        )),
        (status::PANIC, _, error) => {
            let detail = error.map_or_else(|| "it panicked".to_owned(), |e| e.message.clone());
            Err(contract_violation(plugin, &detail)
                .hint("this is a bug in the plugin; report it to its author")
                .data("panic", true))
        }
        (_, _, Some(error)) => Err(error),
        (code, _, None) => Err(contract_violation(
            plugin,
            &format!("it returned status {code} without an error"),
        )),
    }
}

fn contract_violation(plugin: &DiscoveredPlugin, reason: &str) -> Error {
    let path = plugin.library().unwrap_or_default();
    Error::new(
        Class::Plugin,
        "plugin-failed",
        format!("plugin `{}` (`{}`) failed", plugin.name(), path.display()),
    )
    .cause(reason)
    .data("plugin", plugin.name())
    .data("path", path.display().to_string())
}
