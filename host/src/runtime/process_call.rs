//! Runs a call in the process of a plugin: forwards its cancellation, and serves what
//! the plugin requests meanwhile.

#![forbid(unsafe_code)]

use super::call_context::{CallContext, OpenProvider, RemoteProvider};
use super::call_failure::CallFailure;
use super::context::context;
use super::method_call::call_method;
use super::signals::SignalObserver;
use crate::logging;
use crate::process::{CallEvent, CallQueue, PluginProcess, RunningCall, error_of};
use crate::rpc::{
    APPLICATION_ERROR, CancelParams, CompleteParams, EmitParams, INVALID_PARAMS,
    InterfaceCallParams, METHOD_NOT_FOUND, OpenParams, OpenResult, PromptParams,
    ProviderCallParams, ProviderId, ProvidersParams, RunParams, cancel_word, compact, emit_kind,
    error_response, response,
};
use kt_plugin_api::abi::{cancel, log};
use kt_plugin_api::{Class, Error};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::Scope;
use std::time::{Duration, Instant};

/// How long a plugin may take after the deadline of a call: to undo what a command did,
/// or to return from a method.
const COMMAND_GRACE: Duration = Duration::from_secs(5);
const METHOD_GRACE: Duration = Duration::from_secs(2);
/// How long a completion may take after its deadline: a user waits.
pub(super) const COMPLETION_GRACE: Duration = Duration::from_millis(300);

/// A provider in the process of a plugin.
pub(super) struct ProcessProvider {
    pub(super) process: Arc<PluginProcess>,
    pub(super) interface: String,
    pub(super) name: String,
}

/// A call that runs in the process of a plugin.
struct ProcessCall<'a> {
    call: &'a CallContext<'a>,
    running: RunningCall<'a>,
    providers: Mutex<BTreeMap<u64, Arc<OpenProvider>>>,
}

impl SignalObserver for CallQueue {
    fn signalled(&self) {
        self.wake();
    }
}

impl RemoteProvider for ProcessProvider {
    fn call(
        &self,
        method: &str,
        request: Box<RawValue>,
        call: &CallContext<'_>,
    ) -> Result<String, Error> {
        let running = self
            .process
            .begin("interface/call", |id| InterfaceCallParams {
                call: id,
                interface: self.interface.clone(),
                name: self.name.clone(),
                method: method.to_owned(),
                request,
                deadline_unix_ms: call.deadline(),
            });
        let during = format!("`{method}` of `{}`", self.interface);
        exchange((call, running), &self.process, &during, METHOD_GRACE)
            .map_err(CallFailure::into_inner)
    }
}

/// Runs a command, and returns its result as JSON.
pub(super) fn run_command(
    call: &CallContext<'_>,
    process: &PluginProcess,
    (path, invocation): (&[String], &str),
) -> Result<String, CallFailure> {
    let json = compact(invocation).map_err(|e| CallFailure::Reported(malformed(e)))?;
    let running = process.begin("command/run", |id| RunParams {
        call: id,
        invocation: json,
        deadline_unix_ms: call.deadline(),
    });
    let during = format!("`kt {}`", path.join(" "));
    exchange((call, running), process, &during, COMMAND_GRACE)
}

/// Asks for completions, and returns the lines as JSON.
pub(super) fn complete(
    call: &CallContext<'_>,
    process: &PluginProcess,
    request: &Value,
) -> Result<String, CallFailure> {
    let json = compact(&request.to_string()).map_err(|e| CallFailure::Reported(malformed(e)))?;
    let running = process.begin("command/complete", |id| CompleteParams {
        call: id,
        request: json,
        deadline_unix_ms: call.deadline(),
    });
    exchange((call, running), process, "completion", COMPLETION_GRACE)
}

/// Serves the call until the plugin responds or its process ends.
fn exchange(
    (call, running): (&CallContext<'_>, RunningCall<'_>),
    process: &PluginProcess,
    during: &str,
    grace: Duration,
) -> Result<String, CallFailure> {
    let observer: Weak<dyn SignalObserver> = Arc::downgrade(running.queue()) as _;
    call.observe_signals(observer);
    let process_call = ProcessCall {
        call,
        running,
        providers: Mutex::default(),
    };
    std::thread::scope(|scope| {
        let mut cancelled = false;
        let mut kill_at = None;
        loop {
            process.reload(call.reload_count());
            let reason = call.cancellation();
            if reason != cancel::NONE && !cancelled {
                cancelled = true;
                process_call.cancel(reason);
            }
            if call.remaining() == Some(Duration::ZERO) && kill_at.is_none() {
                kill_at = Some(Instant::now() + grace);
            }
            let timeout = match kill_at {
                None => call.remaining(),
                Some(at) => Some(at.saturating_duration_since(Instant::now())),
            };
            if kill_at.is_some() && timeout == Some(Duration::ZERO) {
                process.kill(&format!(
                    "it was killed because it did not return within {grace:?} after its deadline"
                ));
                return Err(CallFailure::Violation(process.ended(during)));
            }
            match process_call.running.next(timeout) {
                CallEvent::Request { id, method, params } => {
                    process_call.serve(id, &method, &params, scope);
                }
                CallEvent::Response(Ok(result)) => return Ok(result),
                CallEvent::Response(Err(error)) => {
                    return Err(match error_of(&error, during) {
                        Ok(error) => CallFailure::Reported(error),
                        Err(violation) => CallFailure::Violation(violation),
                    });
                }
                CallEvent::Ended => return Err(CallFailure::Violation(process.ended(during))),
                CallEvent::Woken | CallEvent::TimedOut => {}
            }
        }
    })
}

/// A request that cannot be served.
struct Refused {
    code: i64,
    error: Error,
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self {
            code: APPLICATION_ERROR,
            error,
        }
    }
}

impl ProcessCall<'_> {
    fn cancel(&self, reason: i32) {
        let params = CancelParams {
            call: self.running.id,
            reason: cancel_word(reason).to_owned(),
        };
        self.running.notify("cancel", &params);
    }

    /// Serves a message of the plugin. What may take long has a thread of its own, so
    /// that the plugin learns of a cancellation meanwhile.
    fn serve<'scope>(
        &'scope self,
        id: Option<Value>,
        method: &str,
        params: &str,
        scope: &'scope Scope<'scope, '_>,
    ) {
        let Some(id) = id else {
            if method == "emit" {
                self.emit(params);
            }
            return;
        };
        let served = match method {
            "prompt" => {
                self.in_thread(id, params, scope, |call, params: PromptParams| {
                    let answer = call.call.ask(&params.kind, &params.question)?;
                    Ok(Value::from(answer).to_string())
                });
                return;
            }
            "provider/call" => {
                self.in_thread(id, params, scope, Self::call_provider);
                return;
            }
            "providers/list" => parse(params).and_then(|params| self.list(&params)),
            "provider/open" => parse(params).and_then(|params| self.open(&params)),
            "provider/close" => parse(params).map(|params| self.close(&params)),
            // For a client that has sent a notification as a request.
            "emit" => {
                self.emit(params);
                Ok("null".to_owned())
            }
            _ => Err(Refused {
                code: METHOD_NOT_FOUND,
                error: Error::new(
                    Class::Plugin,
                    "unsupported-method",
                    format!("this version of kt has no method `{method}`"),
                ),
            }),
        };
        self.respond(&id, served);
    }

    fn in_thread<'scope, P: DeserializeOwned + Send + 'scope>(
        &'scope self,
        id: Value,
        params: &str,
        scope: &'scope Scope<'scope, '_>,
        serve: impl FnOnce(&Self, P) -> Result<String, Refused> + Send + 'scope,
    ) {
        let params = match parse::<P>(params) {
            Ok(params) => params,
            Err(refused) => return self.respond(&id, Err(refused)),
        };
        scope.spawn(move || self.respond(&id, serve(self, params)));
    }

    fn respond(&self, id: &Value, result: Result<String, Refused>) {
        let line = match result.and_then(|json| Ok(compact(&json).map_err(malformed)?)) {
            Ok(result) => response(id, &result),
            Err(Refused { code, error }) => error_response(id, code, &error),
        };
        self.running.respond(&line);
    }

    fn emit(&self, params: &str) {
        let handled = serde_json::from_str::<EmitParams>(params).map(|params| {
            emit_kind(&params.kind).map_or(0, |kind| self.call.emit(kind, params.value.get()))
        });
        if !matches!(handled, Ok(0 | kt_plugin_api::abi::status::CANCELLED)) {
            let message = "a plugin emitted a malformed value";
            logging::record(log::DEBUG, "host", message, params);
        }
    }

    fn list(&self, params: &ProvidersParams) -> Result<String, Refused> {
        let providers = self.call.providers.list(&params.interface)?;
        Ok(serde_json::to_string(&providers).map_err(malformed)?)
    }

    fn open(&self, params: &OpenParams) -> Result<String, Refused> {
        let opened = self.call.providers.open(&params.interface, &params.name)?;
        let mut providers = self.lock();
        let number = providers.last_key_value().map_or(1, |(last, _)| last + 1);
        let result = OpenResult {
            provider: number,
            name: opened.name.clone(),
            plugin: opened.plugin.clone(),
            version: opened.version.clone(),
        };
        providers.insert(number, Arc::new(opened));
        Ok(serde_json::to_string(&result).map_err(malformed)?)
    }

    fn close(&self, params: &ProviderId) -> String {
        self.lock().remove(&params.provider);
        "null".to_owned()
    }

    fn call_provider(&self, params: ProviderCallParams) -> Result<String, Refused> {
        let provider = self.lock().get(&params.provider).cloned();
        let provider = provider.ok_or_else(|| Refused {
            code: INVALID_PARAMS,
            error: Error::new(
                Class::Plugin,
                "invalid-call",
                format!("provider {} is not open", params.provider),
            ),
        })?;
        let (deadline, ignores) = (params.deadline_unix_ms, params.ignore_cancellation);
        let callee = self.call.of_call(deadline, ignores);
        let request = params.request.get().as_bytes();
        let result = call_method(
            &provider,
            &params.method,
            request,
            (&callee, &context(&callee)),
        );
        let result = result.map_err(|e| Refused::from(e.error))?;
        Ok(String::from_utf8(result).map_err(malformed)?)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Arc<OpenProvider>>> {
        self.providers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn malformed(error: impl std::fmt::Display) -> Error {
    Error::internal("a message for a plugin cannot be written").cause(error)
}

fn parse<P: DeserializeOwned>(params: &str) -> Result<P, Refused> {
    serde_json::from_str(params).map_err(|e| Refused {
        code: INVALID_PARAMS,
        error: Error::new(Class::Plugin, "invalid-call", "the parameters are invalid").cause(e),
    })
}
