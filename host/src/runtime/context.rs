//! The functions of `kt_context`.

use super::console::Console;
use super::providers::{self, Providers};
use super::signals::SignalState;
use kt_plugin_api::abi::{KtContext, KtProvider, KtReply, KtSink, KtStr, cancel, emit, status};
use kt_plugin_api::{Error, Event, Output};
use serde_json::Value;
use std::ffi::c_void;
use std::os::fd::IntoRawFd;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

/// A call into a plugin, with what its context gives access to.
pub(crate) struct CallContext<'a> {
    pub(crate) signals: Option<Arc<SignalState>>,
    /// Unix time in milliseconds; 0 for none.
    pub(crate) deadline: u64,
    pub(crate) providers: &'a Providers<'a>,
    pub(crate) console: &'a dyn Console,
    pub(crate) result: Mutex<CallResult>,
}

/// The result of a call into a plugin.
#[derive(Default)]
pub(crate) struct CallResult {
    pub(crate) output: Option<Output>,
    pub(crate) error: Option<Error>,
    /// Why the result cannot be parsed.
    pub(crate) malformed: Option<String>,
}

impl CallContext<'_> {
    /// Returns the context for the plugin, valid as long as this value.
    pub(crate) fn context(&self) -> KtContext {
        KtContext {
            size: kt_plugin_api::sdk::export::size_u32::<KtContext>(),
            flags: 0,
            ctx: std::ptr::from_ref(self).cast_mut().cast(),
            deadline_unix_ms: self.deadline,
            cancelled: Some(cancelled),
            cancel_fd: Some(cancel_fd),
            reload_count: Some(reload_count),
            emit: Some(emit_json),
            fail: Some(fail),
            prompt: Some(prompt),
            list_providers: Some(list_providers),
            open_provider: Some(open_provider),
            take_inherited_fd: Some(take_inherited_fd),
        }
    }

    /// Calls a provider on behalf of the host.
    pub(crate) fn call_provider(
        &self,
        interface: &str,
        name: &str,
        method: &str,
        request: &Value,
    ) -> Result<Value, Error> {
        let context = self.context();
        // SAFETY: the context of this value, which outlives the call below.
        let context = unsafe { kt_plugin_api::Context::from_raw(&raw const context) };
        context
            .open_provider(interface, Some(name))?
            .call(method, request)
    }

    fn cancellation(&self) -> i32 {
        let signal = self
            .signals
            .as_ref()
            .map_or(cancel::NONE, |s| s.cancelled());
        if signal != cancel::NONE || self.deadline == 0 {
            return signal;
        }
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        if now >= u128::from(self.deadline) {
            cancel::DEADLINE
        } else {
            cancel::NONE
        }
    }

    fn emit(&self, kind: u32, json: &str) -> Result<i32, serde_json::Error> {
        match kind {
            emit::RESULT => {
                let output = serde_json::from_str::<Output>(json);
                if let Ok(mut result) = self.result.lock() {
                    match output {
                        Ok(output) => result.output = Some(output),
                        Err(e) => result.malformed = Some(e.to_string()),
                    }
                }
            }
            emit::EVENT => self.console.event(&serde_json::from_str::<Event>(json)?),
            emit::PARTIAL_RESULT => return Ok(self.part(&serde_json::from_str::<Output>(json)?)),
            emit::PROGRESS => self.console.progress(message(json)?.as_str()),
            emit::WARNING => self.console.warn(message(json)?.as_str()),
            // Kinds of later minor versions may be ignored.
            _ => {}
        }
        Ok(status::OK)
    }

    /// Cancels the command if its parts can no longer be written.
    fn part(&self, part: &Output) -> i32 {
        if self.console.part(part) {
            return status::OK;
        }
        if let Some(signals) = &self.signals {
            signals.interrupt();
        }
        status::CANCELLED
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

/// # Safety
/// `host` must be the pointer in [`CallContext::context`], during the call.
unsafe fn call<'a>(host: *mut c_void) -> &'a CallContext<'a> {
    // SAFETY: the caller guarantees it.
    unsafe { &*host.cast_const().cast() }
}

unsafe extern "C" fn cancelled(host: *mut c_void) -> i32 {
    // SAFETY: the pointer of the context, during the call.
    unsafe { call(host) }.cancellation()
}

unsafe extern "C" fn cancel_fd(host: *mut c_void) -> i32 {
    // SAFETY: the pointer of the context, during the call.
    unsafe { call(host) }
        .signals
        .as_ref()
        .map_or(-1, |s| s.fd())
}

unsafe extern "C" fn reload_count(host: *mut c_void) -> u64 {
    // SAFETY: the pointer of the context, during the call.
    unsafe { call(host) }
        .signals
        .as_ref()
        .map_or(0, |s| s.reloads())
}

unsafe extern "C" fn emit_json(host: *mut c_void, kind: u32, json: KtStr) -> i32 {
    // SAFETY: the pointer of the context and a string, during the call.
    let (call, json) = unsafe { (call(host), json.read()) };
    match json.map(|json| call.emit(kind, json)) {
        Ok(Ok(code)) => code,
        _ => status::INVALID,
    }
}

unsafe extern "C" fn fail(host: *mut c_void, error: KtStr) {
    // SAFETY: the pointer of the context and a string, during the call.
    let (call, json) = unsafe { (call(host), error.read()) };
    let parsed = serde_json::from_str(json.unwrap_or_default());
    if let Ok(mut result) = call.result.lock() {
        match parsed {
            Ok(error) => result.error = Some(error),
            Err(e) => result.malformed = Some(format!("in the error: {e}")),
        }
    }
}

unsafe extern "C" fn prompt(host: *mut c_void, question: KtStr, sink: KtSink) -> i32 {
    // SAFETY: the pointer of the context and a string, during the call.
    let (call, json) = unsafe { (call(host), question.read()) };
    let Ok(question) = serde_json::from_str::<Value>(json.unwrap_or_default()) else {
        return status::INVALID;
    };
    let text = |key: &str| {
        question
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (answer, code) = match call.console.ask(&text("kind"), &text("question")) {
        Ok(text) => (text, status::OK),
        Err(error) => (
            serde_json::to_string(&error).unwrap_or_default(),
            status::FAILED,
        ),
    };
    // SAFETY: the sink of the plugin, and a string that outlives the call.
    unsafe { (sink.write)(sink.ctx, KtStr::new(&answer)) };
    code
}

unsafe extern "C" fn list_providers(host: *mut c_void, id: KtStr, sink: KtSink) -> i32 {
    // SAFETY: the pointer of the context and a string, during the call.
    let (call, id) = unsafe { (call(host), id.read()) };
    let Ok(id) = id else { return status::INVALID };
    let json = serde_json::to_string(&call.providers.list(id)).unwrap_or_default();
    // SAFETY: the sink of the plugin, and a string that outlives the call.
    unsafe { (sink.write)(sink.ctx, KtStr::new(&json)) };
    status::OK
}

unsafe extern "C" fn open_provider(
    host: *mut c_void,
    id: KtStr,
    name: KtStr,
    out: *mut KtProvider,
) -> i32 {
    // SAFETY: the pointer of the context and strings, during the call.
    let (call, id, name) = unsafe { (call(host), id.read(), name.read()) };
    let (Ok(id), Ok(name)) = (id, name) else {
        return status::INVALID;
    };
    if out.is_null() {
        return status::INVALID;
    }
    // SAFETY: the output pointer of the plugin.
    let out = unsafe { &mut *out };
    if (out.size as usize) < size_of::<KtProvider>() {
        return status::INVALID;
    }
    match call.providers.open(id, name) {
        Ok(provider) => {
            out.ctx = std::ptr::from_ref(provider).cast_mut().cast();
            out.call = Some(providers::call);
            status::OK
        }
        Err(error) => {
            // As the C header requires, every call of the provider returns the
            // error. It is leaked; few providers fail to open in a process.
            out.ctx = Box::into_raw(Box::new(error)).cast();
            out.call = Some(fail_call);
            status::NOT_FOUND
        }
    }
}

unsafe extern "C" fn take_inherited_fd(host: *mut c_void, name: KtSink) -> i32 {
    // SAFETY: the pointer of the context, during the call.
    let call = unsafe { call(host) };
    let Some((label, fd)) = call.providers.inherited.take() else {
        return -1;
    };
    // SAFETY: the sink of the plugin, and a string that outlives the call.
    unsafe { (name.write)(name.ctx, KtStr::new(&label)) };
    fd.into_raw_fd()
}

unsafe extern "C" fn fail_call(
    provider: *mut c_void,
    _: KtStr,
    _: KtStr,
    _: *const c_void,
    reply: KtReply,
) -> i32 {
    // SAFETY: the error that `open` leaked.
    let error = unsafe { &*provider.cast::<Error>() };
    let json = serde_json::to_string(error).unwrap_or_default();
    // SAFETY: the reply of the caller, and a string that outlives the call.
    unsafe { (reply.fail)(reply.ctx, KtStr::new(&json)) };
    status::FAILED
}
