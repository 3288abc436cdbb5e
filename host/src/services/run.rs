//! Runs one command of one plugin.

use super::context::{Answer, Call};
use super::providers::Providers;
use super::signals::Requests;
use crate::discovery::Found;
use crate::load::Vtable;
use kt_plugin_api::abi::{COMMAND_INTERFACE, KtStr, status};
use kt_plugin_api::manifest::{CommandSpec, Manifest};
use kt_plugin_api::{Class, Error, Event, Invocation, Output};
use std::sync::Mutex;

/// Where a running command's talk goes, and who is asked.
pub(crate) trait Streams: Sync {
    /// A long-running command did something.
    fn event(&self, event: &Event);
    /// A part of a command's result is there. `false`: it is not taken, and none after it will be.
    fn part(&self, part: &Output) -> bool;
    /// A command says what it is doing.
    fn progress(&self, message: &str);
    /// A command warns.
    fn warn(&self, message: &str);
    /// A command asks: `kind` is `confirm` or `secret`.
    fn ask(&self, kind: &str, question: &str) -> Result<String, Error>;
}

/// What it takes to run commands.
pub(crate) struct Runner<'a> {
    pub(crate) providers: &'a Providers<'a>,
    pub(crate) streams: &'a dyn Streams,
}

impl Runner<'_> {
    /// Loads the plugin and runs its command.
    ///
    /// # Errors
    /// The plugin's own error, or class `plugin` when it broke the contract.
    pub(crate) fn run(
        &self,
        (found, manifest, spec): (&Found, &Manifest, &CommandSpec),
        invocation: &Invocation,
        deadline: u64,
    ) -> Result<Output, Error> {
        let loaded = self.providers.plugin(found, manifest)?;
        let Some(Vtable::Command(vtable, state)) = loaded.interface(COMMAND_INTERFACE) else {
            return Err(broke(
                found,
                "it has no `kt.command/1`, though its manifest has commands",
            ));
        };
        let run = vtable
            .run
            .ok_or_else(|| broke(found, "its `kt.command/1` has no `run`"))?;
        let requests = Requests::listen(spec.long_running)
            .map_err(|e| Error::internal("cannot listen for signals").cause(e))?;
        let call = Call {
            requests: Some(requests),
            deadline,
            providers: self.providers,
            streams: self.streams,
            answer: Mutex::default(),
        };
        let json = serde_json::to_string(invocation)
            .map_err(|e| Error::internal("the invocation cannot be written").cause(e))?;
        let context = call.context();
        // SAFETY: the plugin's own state; text and context outlive the call.
        let code = unsafe { run(state, KtStr::new(&json), &raw const context) };
        let answer = call.answer.into_inner().unwrap_or_default();
        judge(found, code, answer)
    }
}

/// What the status and the hand-overs of a plugin mean together.
fn judge(found: &Found, code: i32, answer: Answer) -> Result<Output, Error> {
    if let Some(damage) = answer.damaged {
        return Err(broke(
            found,
            &format!("its answer cannot be read: {damage}"),
        ));
    }
    match (code, answer.output, answer.error) {
        (status::OK, Some(output), None) => Ok(output),
        (status::OK, _, _) => Err(broke(found, "it succeeded without a result")),
        (status::PANIC, _, error) => {
            let detail = error.map_or_else(|| "it panicked".to_owned(), |e| e.message.clone());
            Err(broke(found, &detail)
                .hint("this is a bug in the plugin; report it to its author")
                .data("panic", true))
        }
        (_, _, Some(error)) => Err(error),
        (code, _, None) => Err(broke(
            found,
            &format!("it failed with status {code} and no error"),
        )),
    }
}

fn broke(found: &Found, why: &str) -> Error {
    let path = found.library().unwrap_or_default();
    Error::new(
        Class::Plugin,
        "plugin-failed",
        format!("plugin `{}` (`{}`) failed", found.name(), path.display()),
    )
    .cause(why)
    .data("plugin", found.name())
    .data("path", path.display().to_string())
}
