//! Asks a plugin for the values of an argument.

use super::call_context::CallContext;
use super::call_failure::CallFailure;
use super::console::{Console, PromptRequest};
use super::context::context;
use super::process_call;
use super::providers::Providers;
use super::signals::SignalState;
use super::transport::Transport;
use crate::crash::{self, HangPolicy, SignalPolicy};
use crate::discovery::DiscoveredPlugin;
use crate::discovery::PluginManifest;
use crate::load::LoadedPlugin;
use kt_plugin_api::abi::{COMMAND_INTERFACE, KtSink, KtStr, status};
use kt_plugin_api::{Class, CompletionRequest, Error, Event, Output};
use serde::Serialize;
use serde_json::{Value, json};
use std::ffi::c_void;

/// More is not looked at by anybody.
const MAX_LINES: usize = 1 << 20;
/// The name of an argument that no plugin has.
const UNKNOWN_ARGUMENT: &str = "kt-unknown-argument";

/// What to ask.
pub(crate) struct CompletionQuery<'a> {
    pub(crate) providers: &'a Providers<'a>,
    pub(crate) plugin: (&'a DiscoveredPlugin, &'a PluginManifest),
    pub(crate) request: &'a CompletionRequest,
    /// Unix time in milliseconds.
    pub(crate) deadline: u64,
}

/// Receives the lines of a plugin.
#[derive(Default)]
struct LineBuffer {
    bytes: Vec<u8>,
    too_large: bool,
}

/// Shows nothing and prompts nobody.
struct NoConsole;

impl Console for NoConsole {
    fn event(&self, _event: &Event) {}

    fn part(&self, _part: &Output) -> bool {
        true
    }

    fn progress(&self, _message: &str) {}

    fn warn(&self, _message: &str) {}

    fn ask(&self, _prompt: &PromptRequest<'_>) -> Result<String, Error> {
        let message = "there are no prompts during completion";
        Err(Error::new(Class::Usage, "input-required", message))
    }
}

/// Returns the lines with which a plugin completes an argument: values, each with an
/// optional description after a tab.
///
/// # Errors
/// The error of the plugin, or class `plugin` if it violated the contract.
pub(crate) fn complete(query: CompletionQuery<'_>) -> Result<Vec<String>, Error> {
    let policy = HangPolicy {
        grace: process_call::COMPLETION_GRACE,
        ends_process: true,
        after_signal: SignalPolicy::EndsAfter(process_call::COMPLETION_GRACE),
    };
    // Before the library is loaded, whose constructors may hang as well.
    let signals = SignalState::listen(false, policy)
        .map_err(|e| Error::internal("cannot listen for signals").cause(e))?;
    let (plugin, manifest) = query.plugin;
    let transport = query.providers.load(plugin, manifest)?;
    let ask = |request: &Value| {
        let (signals, deadline) = (Some(signals.clone()), query.deadline);
        let call = CallContext::new(query.providers, &NoConsole, signals, deadline).of_method();
        let lines = match &transport {
            Transport::Library(loaded) => complete_command(loaded, &call, &request.to_string()),
            Transport::Process(process) => complete_in_process(process, &call, request),
        };
        lines.map_err(|failure| failure.into_error(plugin, manifest))
    };
    let mut request = to_json(query.request)?;
    if query.providers.unknown_keys {
        request["kt_unknown_key"] = json!({ "unknown": [1] });
        let mut unknown = request.clone();
        unknown["arg"] = UNKNOWN_ARGUMENT.into();
        if let Some(line) = ask(&unknown)?.first() {
            let message = format!("it completes an argument that it does not have with {line:?}");
            return Err(CallFailure::violation(message).into_error(plugin, manifest));
        }
    }
    ask(&request)
}

fn to_json(request: &impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(request)
        .map_err(|e| Error::internal("the request cannot be written").cause(e))
}

fn complete_in_process(
    process: &crate::process::PluginProcess,
    call: &CallContext<'_>,
    request: &Value,
) -> Result<Vec<String>, CallFailure> {
    let result = process_call::complete(call, process, request)?;
    serde_json::from_str(&result)
        .map_err(|e| CallFailure::violation(format!("its completions are malformed: {e}")))
}

/// Asks a library in this process, with a request as JSON.
pub(crate) fn complete_command(
    loaded: &LoadedPlugin,
    call: &CallContext<'_>,
    request: &str,
) -> Result<Vec<String>, CallFailure> {
    let command = loaded.command().map_err(|e| {
        CallFailure::violation(format!("its `{COMMAND_INTERFACE}` cannot be used: {e}"))
    })?;
    let complete = command.functions.complete.ok_or_else(|| {
        CallFailure::violation("its manifest has dynamic arguments, and it has no `complete`")
    })?;
    let context = context(call);
    let mut buffer = LineBuffer::default();
    let sink = KtSink {
        ctx: std::ptr::from_mut(&mut buffer).cast(),
        write,
    };
    let what = format_args!("completion");
    let guard = crash::enter_until(loaded.identity(), call.deadline(), what);
    // SAFETY: the state of the plugin; everything else outlives the call.
    let code = unsafe { complete(command.state, KtStr::new(request), &raw const context, sink) };
    drop(guard);
    let result = call.take_result();
    match (code, result.error, result.violation) {
        (status::OK, None, None) => buffer.into_lines(),
        (_, _, Some(problem)) => Err(CallFailure::violation(problem)),
        (_, Some(error), None) => Err(CallFailure::Reported(error)),
        (code, None, None) => Err(CallFailure::violation(format!(
            "its `complete` returned status {code} without an error"
        ))),
    }
}

unsafe extern "C" fn write(buffer: *mut c_void, text: KtStr) {
    let _in_host = crash::enter_host();
    // SAFETY: the `LineBuffer` of the call, which is not used elsewhere meanwhile.
    let buffer = unsafe { &mut *buffer.cast::<LineBuffer>() };
    // SAFETY: a string that is valid during the call.
    let bytes = unsafe { text.bytes() }.unwrap_or_default();
    if buffer.bytes.len().saturating_add(bytes.len()) > MAX_LINES {
        buffer.too_large = true;
    } else {
        buffer.bytes.extend_from_slice(bytes);
    }
}

impl LineBuffer {
    fn into_lines(self) -> Result<Vec<String>, CallFailure> {
        if self.too_large {
            let message = format!("its completions are larger than {MAX_LINES} bytes");
            return Err(CallFailure::violation(message));
        }
        let text = String::from_utf8(self.bytes)
            .map_err(|_| CallFailure::violation("its completions are not UTF-8"))?;
        let lines = text.lines().filter(|line| !line.is_empty());
        Ok(lines.map(str::to_owned).collect())
    }
}
