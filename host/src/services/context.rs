//! The functions behind `kt_context`.

use super::providers::{self, Providers};
use super::run::Streams;
use super::signals::Requests;
use kt_plugin_api::abi::{KtContext, KtProvider, KtReply, KtSink, KtStr, cancel, emit, status};
use kt_plugin_api::{Error, Event, Output};
use serde_json::Value;
use std::ffi::c_void;
use std::os::fd::IntoRawFd;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

/// One invocation, as the plugin sees it through its context.
pub(crate) struct Call<'a> {
    pub(crate) requests: Option<Arc<Requests>>,
    /// Unix time in milliseconds; 0 for none.
    pub(crate) deadline: u64,
    pub(crate) providers: &'a Providers<'a>,
    pub(crate) streams: &'a dyn Streams,
    pub(crate) answer: Mutex<Answer>,
}

/// What the plugin handed over.
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) output: Option<Output>,
    pub(crate) error: Option<Error>,
    /// The result could not be read.
    pub(crate) damaged: Option<String>,
}

impl Call<'_> {
    /// The context for the plugin, valid as long as this value.
    pub(crate) fn context(&self) -> KtContext {
        KtContext {
            size: kt_plugin_api::sdk::export::size_u32::<KtContext>(),
            flags: 0,
            ctx: std::ptr::from_ref(self).cast_mut().cast(),
            deadline_unix_ms: self.deadline,
            cancelled: Some(cancelled),
            cancel_fd: Some(cancel_fd),
            reload_count: Some(reloads),
            emit: Some(take),
            fail: Some(fail),
            prompt: Some(ask),
            list_providers: Some(interfaces),
            open_provider: Some(open),
            take_inherited_fd: Some(next_inherited),
        }
    }

    /// Calls a provider on the host's own behalf.
    pub(crate) fn ask_provider(
        &self,
        interface: &str,
        name: &str,
        method: &str,
        request: &Value,
    ) -> Result<Value, Error> {
        let context = self.context();
        // SAFETY: this value's own context, which outlives the call below.
        let context = unsafe { kt_plugin_api::Context::from_raw(&raw const context) };
        context
            .open_provider(interface, Some(name))?
            .call(method, request)
    }

    fn why_cancelled(&self) -> i32 {
        let asked = self
            .requests
            .as_ref()
            .map_or(cancel::NONE, |r| r.cancelled());
        if asked != cancel::NONE || self.deadline == 0 {
            return asked;
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

    fn take(&self, kind: u32, json: &str) -> Result<i32, serde_json::Error> {
        match kind {
            emit::RESULT => {
                let output = serde_json::from_str::<Output>(json);
                if let Ok(mut answer) = self.answer.lock() {
                    match output {
                        Ok(output) => answer.output = Some(output),
                        Err(e) => answer.damaged = Some(e.to_string()),
                    }
                }
            }
            emit::EVENT => self.streams.event(&serde_json::from_str::<Event>(json)?),
            emit::PARTIAL_RESULT => {
                return Ok(self.take_part(&serde_json::from_str::<Output>(json)?));
            }
            emit::PROGRESS => self.streams.progress(message(json)?.as_str()),
            emit::WARNING => self.streams.warn(message(json)?.as_str()),
            // A later minor version's kind: nothing that must be shown.
            _ => {}
        }
        Ok(status::OK)
    }

    /// Nobody has the rest of a result whose parts are not taken, so the command may end.
    fn take_part(&self, part: &Output) -> i32 {
        if self.streams.part(part) {
            return status::OK;
        }
        if let Some(requests) = &self.requests {
            requests.interrupt();
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
/// `host` must be the pointer of [`Call::context`], within the call.
unsafe fn call<'a>(host: *mut c_void) -> &'a Call<'a> {
    // SAFETY: by the caller's promise.
    unsafe { &*host.cast_const().cast() }
}

unsafe extern "C" fn cancelled(host: *mut c_void) -> i32 {
    // SAFETY: the context's own pointer, within the call.
    unsafe { call(host) }.why_cancelled()
}

unsafe extern "C" fn cancel_fd(host: *mut c_void) -> i32 {
    // SAFETY: the context's own pointer, within the call.
    unsafe { call(host) }
        .requests
        .as_ref()
        .map_or(-1, |r| r.fd())
}

unsafe extern "C" fn reloads(host: *mut c_void) -> u64 {
    // SAFETY: the context's own pointer, within the call.
    unsafe { call(host) }
        .requests
        .as_ref()
        .map_or(0, |r| r.reloads())
}

unsafe extern "C" fn take(host: *mut c_void, kind: u32, json: KtStr) -> i32 {
    // SAFETY: the context's own pointer and a text, within the call.
    let (call, json) = unsafe { (call(host), json.read()) };
    match json.map(|json| call.take(kind, json)) {
        Ok(Ok(code)) => code,
        _ => status::INVALID,
    }
}

unsafe extern "C" fn fail(host: *mut c_void, error: KtStr) {
    // SAFETY: the context's own pointer and a text, within the call.
    let (call, json) = unsafe { (call(host), error.read()) };
    let parsed = serde_json::from_str(json.unwrap_or_default());
    if let Ok(mut answer) = call.answer.lock() {
        match parsed {
            Ok(error) => answer.error = Some(error),
            Err(e) => answer.damaged = Some(format!("its error object: {e}")),
        }
    }
}

unsafe extern "C" fn ask(host: *mut c_void, question: KtStr, answer: KtSink) -> i32 {
    // SAFETY: the context's own pointer and a text, within the call.
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
    let (answered, code) = match call.streams.ask(&text("kind"), &text("question")) {
        Ok(text) => (text, status::OK),
        Err(error) => (
            serde_json::to_string(&error).unwrap_or_default(),
            status::FAILED,
        ),
    };
    // SAFETY: the plugin's sink, and a text that outlives the call.
    unsafe { (answer.write)(answer.ctx, KtStr::new(&answered)) };
    code
}

unsafe extern "C" fn interfaces(host: *mut c_void, id: KtStr, sink: KtSink) -> i32 {
    // SAFETY: the context's own pointer and a text, within the call.
    let (call, id) = unsafe { (call(host), id.read()) };
    let Ok(id) = id else { return status::INVALID };
    let json = serde_json::to_string(&call.providers.list(id)).unwrap_or_default();
    // SAFETY: the plugin's sink, and a text that outlives the call.
    unsafe { (sink.write)(sink.ctx, KtStr::new(&json)) };
    status::OK
}

unsafe extern "C" fn open(host: *mut c_void, id: KtStr, name: KtStr, out: *mut KtProvider) -> i32 {
    // SAFETY: the context's own pointer and texts, within the call.
    let (call, id, name) = unsafe { (call(host), id.read(), name.read()) };
    let (Ok(id), Ok(name)) = (id, name) else {
        return status::INVALID;
    };
    if out.is_null() {
        return status::INVALID;
    }
    // SAFETY: the plugin's place for the result.
    let out = unsafe { &mut *out };
    if (out.size as usize) < size_of::<KtProvider>() {
        return status::INVALID;
    }
    match call.providers.open(id, name) {
        Ok(opened) => {
            out.ctx = std::ptr::from_ref(opened).cast_mut().cast();
            out.call = Some(providers::call);
            status::OK
        }
        Err(error) => {
            // The header: on failure every call of the provider answers with
            // the error. It is leaked; a process fails to open few providers.
            out.ctx = Box::into_raw(Box::new(error)).cast();
            out.call = Some(refuse);
            status::NOT_FOUND
        }
    }
}

unsafe extern "C" fn next_inherited(host: *mut c_void, name: KtSink) -> i32 {
    // SAFETY: the context's own pointer, within the call.
    let call = unsafe { call(host) };
    let Some((label, fd)) = call.providers.inherited.take() else {
        return -1;
    };
    // SAFETY: the plugin's sink, and a text that outlives the call.
    unsafe { (name.write)(name.ctx, KtStr::new(&label)) };
    fd.into_raw_fd()
}

unsafe extern "C" fn refuse(
    provider: *mut c_void,
    _: KtStr,
    _: KtStr,
    _: *const c_void,
    reply: KtReply,
) -> i32 {
    // SAFETY: the error that `open` leaked.
    let error = unsafe { &*provider.cast::<Error>() };
    let json = serde_json::to_string(error).unwrap_or_default();
    // SAFETY: the caller's reply, and a text that outlives the call.
    unsafe { (reply.fail)(reply.ctx, KtStr::new(&json)) };
    status::FAILED
}
