//! The functions of `kt_context` and `kt_provider`.

use super::call_context::{CallContext, OpenProvider};
use super::method_call::{MethodError, call_method};
use crate::crash;
use kt_plugin_api::abi::{
    self, KtCallOptions, KtContext, KtProvider, KtReply, KtSink, KtStr, status,
};
use kt_plugin_api::{Class, Context, Error};
use serde_json::Value;
use std::ffi::c_void;
use std::os::fd::IntoRawFd;
use std::time::Duration;

/// A provider that a plugin has opened through its context.
struct PluginProvider {
    /// The [`CallContext`] of the plugin, which outlives the provider as the C header
    /// requires.
    caller: *mut c_void,
    provider: Result<OpenProvider, Error>,
}

/// Returns the context for a plugin, which is valid as long as the value.
pub(crate) fn context(call: &CallContext<'_>) -> KtContext {
    KtContext {
        ctx: std::ptr::from_ref(call).cast_mut().cast(),
        deadline_unix_ms: call.deadline(),
        cancelled: Some(cancelled),
        cancel_fd: Some(cancel_fd),
        reload_count: Some(reload_count),
        emit: Some(emit_json),
        fail: Some(fail),
        prompt: Some(prompt),
        list_providers: Some(list_providers),
        open_provider: Some(open_provider),
        take_inherited_fd: Some(take_inherited_fd),
        ..KtContext::EMPTY
    }
}

/// Calls a provider on behalf of the host.
pub(crate) fn call_provider(
    call: &CallContext<'_>,
    (interface, name): (&str, &str),
    method: &str,
    request: &Value,
    timeout: Duration,
) -> Result<Value, Error> {
    let context = context(call);
    // SAFETY: the context of `call`, which outlives the call below.
    let context = unsafe { Context::from_raw(&raw const context) }?;
    context
        .with_timeout(timeout)
        .open_provider(interface, Some(name))?
        .call(method, request)
}

/// # Safety
/// `host` must be the pointer in [`context`], during the call.
unsafe fn call<'a>(host: *mut c_void) -> &'a CallContext<'a> {
    // SAFETY: the caller guarantees it.
    unsafe { &*host.cast_const().cast() }
}

unsafe extern "C" fn cancelled(host: *mut c_void) -> i32 {
    crash::record_host_call();
    // SAFETY: the pointer of the context, during the call.
    unsafe { call(host) }.cancellation()
}

unsafe extern "C" fn cancel_fd(host: *mut c_void) -> isize {
    // SAFETY: the pointer of the context, during the call.
    let fd = unsafe { call(host) }.cancel_fd();
    isize::try_from(fd).unwrap_or(-1)
}

unsafe extern "C" fn reload_count(host: *mut c_void) -> u64 {
    // SAFETY: the pointer of the context, during the call.
    unsafe { call(host) }.reload_count()
}

unsafe extern "C" fn emit_json(host: *mut c_void, kind: u32, json: KtStr) -> i32 {
    let _in_host = crash::enter_host();
    // SAFETY: the pointer of the context and a string, during the call.
    let (call, json) = unsafe { (call(host), json.read()) };
    match json {
        Ok(json) => call.emit(kind, json),
        Err(error) => {
            if kind == abi::emit::RESULT {
                call.invalid_text(&error);
            }
            status::INVALID
        }
    }
}

unsafe extern "C" fn fail(host: *mut c_void, error: KtStr) {
    let _in_host = crash::enter_host();
    // SAFETY: the pointer of the context and a string, during the call.
    let (call, json) = unsafe { (call(host), error.read()) };
    match json {
        Ok(json) => call.fail(json),
        Err(error) => call.invalid_text(&error),
    }
}

unsafe extern "C" fn prompt(host: *mut c_void, question: KtStr, sink: KtSink) -> i32 {
    let _in_host = crash::enter_host();
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
    let (answer, code) = match call.ask(&text("kind"), &text("question")) {
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
    let _in_host = crash::enter_host();
    // SAFETY: the pointer of the context and a string, during the call.
    let (call, id) = unsafe { (call(host), id.read()) };
    let Ok(id) = id else { return status::INVALID };
    let (json, code) = match call.providers.list(id) {
        Ok(providers) => (serde_json::to_string(&providers), status::OK),
        Err(error) => (serde_json::to_string(&error), status::FAILED),
    };
    // SAFETY: the sink of the plugin, and a string that outlives the call.
    unsafe { (sink.write)(sink.ctx, KtStr::new(&json.unwrap_or_default())) };
    code
}

unsafe extern "C" fn open_provider(
    host: *mut c_void,
    id: KtStr,
    name: KtStr,
    out: *mut KtProvider,
) -> i32 {
    let _in_host = crash::enter_host();
    // SAFETY: the pointer of the context and strings, during the call.
    let (call, id, name) = unsafe { (call(host), id.read(), name.read()) };
    let (Ok(id), Ok(name)) = (id, name) else {
        return status::INVALID;
    };
    let provider = call.providers.open(id, name);
    let code = match &provider {
        Ok(_) => status::OK,
        Err(_) => status::NOT_FOUND,
    };
    let opened = Box::into_raw(Box::new(PluginProvider {
        caller: host,
        provider,
    }));
    let value = KtProvider {
        ctx: opened.cast(),
        call: Some(call_provider_method),
        close: Some(close_provider),
        ..KtProvider::EMPTY
    };
    // SAFETY: the output of the plugin, which is checked for null and its size.
    if unsafe { abi::fill(out, &value) }.is_err() {
        // SAFETY: the box above, which nobody else knows.
        drop(unsafe { Box::from_raw(opened) });
        return status::INVALID;
    }
    code
}

unsafe extern "C" fn call_provider_method(
    provider: *mut c_void,
    method: KtStr,
    json: KtStr,
    options: *const KtCallOptions,
    reply: KtReply,
) -> i32 {
    let _in_host = crash::enter_host();
    // SAFETY: the provider of `open_provider`, which is not closed, and its caller; a
    // string that is valid during the call.
    let (open, method) = unsafe { (&*provider.cast::<PluginProvider>(), method.read()) };
    // SAFETY: a string that is valid during the call.
    let json = unsafe { json.bytes() };
    // SAFETY: the C header requires that the call of the context has not returned.
    let caller = unsafe { call(open.caller) };
    let result = match (&open.provider, method) {
        (Err(error), _) => Err(failed(error.clone())),
        (_, Err(error)) => {
            let message = format!("the name of the method is invalid: {error}");
            Err(failed(Error::new(Class::Plugin, "invalid-call", message)))
        }
        // SAFETY: null, or the options of the caller.
        (Ok(provider), Ok(method)) => match unsafe { call_options(options) } {
            Ok((deadline, ignores)) => {
                let callee = caller.of_call(deadline, ignores);
                let context = context(&callee);
                let json = json.unwrap_or_default();
                call_method(provider, method, json, (&callee, &context))
            }
            Err(error) => Err(error),
        },
    };
    match result {
        // SAFETY: the reply of the caller, and a string that outlives the call.
        Ok(bytes) => unsafe {
            let result = KtStr {
                ptr: bytes.as_ptr(),
                len: bytes.len(),
            };
            (reply.write)(reply.ctx, result);
            status::OK
        },
        Err(MethodError { status, error }) => {
            let json = serde_json::to_string(&error).unwrap_or_default();
            // SAFETY: as above.
            unsafe { (reply.fail)(reply.ctx, KtStr::new(&json)) };
            status
        }
    }
}

/// Returns the deadline of the call, and whether it ignores the cancellation.
///
/// # Safety
/// As for [`abi::read`].
unsafe fn call_options(options: *const KtCallOptions) -> Result<(u64, bool), MethodError> {
    if options.is_null() {
        return Ok((0, false));
    }
    let known = abi::call::IGNORE_CANCELLATION;
    // SAFETY: as the caller guarantees.
    let options = unsafe { abi::read(options) };
    let options = options.and_then(|options| {
        abi::check_flags::<KtCallOptions>(options.flags, known)?;
        Ok(options)
    });
    options
        .map(|options| (options.deadline_unix_ms, options.flags & known != 0))
        .map_err(|e| failed(Error::new(Class::Plugin, "invalid-call", e.to_string())))
}

fn failed(error: Error) -> MethodError {
    MethodError {
        status: status::FAILED,
        error,
    }
}

unsafe extern "C" fn close_provider(provider: *mut c_void) {
    let _in_host = crash::enter_host();
    // SAFETY: the box of `open_provider`; the C header requires that it is closed once.
    drop(unsafe { Box::from_raw(provider.cast::<PluginProvider>()) });
}

unsafe extern "C" fn take_inherited_fd(host: *mut c_void, name: KtSink) -> isize {
    let _in_host = crash::enter_host();
    // SAFETY: the pointer of the context, during the call.
    let call = unsafe { call(host) };
    let Some((label, fd)) = call.providers.take_inherited() else {
        return -1;
    };
    // SAFETY: the sink of the plugin, and a string that outlives the call.
    unsafe { (name.write)(name.ctx, KtStr::new(&label)) };
    isize::try_from(fd.into_raw_fd()).unwrap_or(-1)
}
