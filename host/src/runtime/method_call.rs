//! Calls a method of a provider: limits and checks the reply, and names the plugin in
//! every error.

use super::call_context::{CallContext, Implementation, OpenProvider};
use crate::crash;
use crate::logging;
use crate::rpc::compact;
use kt_plugin_api::abi::{KtContext, KtInterfaceV1, KtReply, KtStr, log, status};
use kt_plugin_api::{Class, Error};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::ffi::c_void;

/// The maximum size of a reply, against a provider that writes without end.
const MAX_REPLY: usize = 256 << 20;

/// The reply of a provider, until the call returns.
#[derive(Default)]
struct ReplyBuffer {
    result: Vec<u8>,
    error: Option<Vec<u8>>,
    /// How the reply violated the contract.
    violation: Option<&'static str>,
}

/// The error of a call, with the status for the caller.
pub(crate) struct MethodError {
    pub(super) status: i32,
    pub(crate) error: Error,
}

/// Calls a method, and returns its result, which is valid JSON.
pub(crate) fn call_method(
    provider: &OpenProvider,
    method: &str,
    request: &[u8],
    (call, context): (&CallContext<'_>, &KtContext),
) -> Result<Vec<u8>, MethodError> {
    log_call(provider, method);
    let (code, result) = match &provider.implementation {
        Implementation::Library(identity, vtable) => {
            let _guard = crash::enter_until(
                identity,
                call.deadline(),
                format_args!("method `{method}` of interface `{}`", provider.interface),
            );
            call_library(vtable, (method, request), (call, context))
        }
        Implementation::Remote(remote) => {
            let result = json_line(request).and_then(|json| remote.call(method, json, call));
            (status_of(&result), result.map(String::into_bytes))
        }
    };
    result.map_err(|error| MethodError {
        status: if code < 0 { code } else { status::FAILED },
        error: attribute(provider, method, error),
    })
}

/// Returns a request in the form that another process receives.
fn json_line(request: &[u8]) -> Result<Box<RawValue>, Error> {
    let invalid = |e: &dyn std::fmt::Display| {
        let message = "its request is not valid JSON";
        Error::new(Class::Plugin, "invalid-call", message).cause(e)
    };
    let request = std::str::from_utf8(request).map_err(|e| invalid(&e))?;
    compact(request).map_err(|e| invalid(&e))
}

/// Returns the status that a library returns with the same result.
fn status_of<T>(result: &Result<T, Error>) -> i32 {
    match result {
        Ok(_) => status::OK,
        Err(error) if error.id == "unsupported-method" => status::UNSUPPORTED,
        Err(_) => status::FAILED,
    }
}

fn call_library(
    vtable: &KtInterfaceV1,
    (method, request): (&str, &[u8]),
    (call, context): (&CallContext<'_>, &KtContext),
) -> (i32, Result<Vec<u8>, Error>) {
    let mut reply = ReplyBuffer::default();
    let code = invoke(vtable, (method, request), context, &mut reply);
    // A plugin may confuse the two ways to report an error.
    if code != status::OK && reply.error.is_none() {
        let reported = call.take_result().error;
        reply.error = reported.and_then(|error| serde_json::to_vec(&error).ok());
    }
    (code, interpret(code, reply))
}

fn invoke(
    vtable: &KtInterfaceV1,
    (method, request): (&str, &[u8]),
    context: &KtContext,
    reply: &mut ReplyBuffer,
) -> i32 {
    let Some(call) = vtable.call else {
        return status::UNSUPPORTED;
    };
    let sink = KtReply {
        ctx: std::ptr::from_mut(reply).cast(),
        write,
        fail,
    };
    let json = KtStr {
        ptr: request.as_ptr(),
        len: request.len(),
    };
    // SAFETY: the functions of the plugin with their own `ctx`; everything else outlives
    // the call.
    unsafe { call(vtable.ctx, KtStr::new(method), json, context, sink) }
}

/// Converts the status and the reply of a call.
fn interpret(code: i32, reply: ReplyBuffer) -> Result<Vec<u8>, Error> {
    let violation = |what: &str| Error::new(Class::Plugin, "invalid-response", what);
    if let Some(problem) = reply.violation {
        return Err(violation(problem));
    }
    match (code, reply.error) {
        (status::OK, None) if reply.result.is_empty() => {
            Err(violation("it returned success without a result"))
        }
        (status::OK, None) => match serde_json::from_slice::<IgnoredAny>(&reply.result) {
            Ok(_) => Ok(reply.result),
            Err(e) => Err(violation("its result is not valid JSON").cause(e)),
        },
        (status::OK, Some(_)) => Err(violation("it returned success and an error")),
        (_, Some(json)) => Err(serde_json::from_slice(&json)
            .unwrap_or_else(|e| violation("its error is malformed").cause(e))),
        (status::UNSUPPORTED, None) => {
            let message = "it does not support the method";
            Err(Error::new(Class::Plugin, "unsupported-method", message))
        }
        (code, None) => Err(violation(&format!(
            "it returned status {code} without an error"
        ))),
    }
}

/// Names the plugin, its version and the method in an error that blames the plugin.
fn attribute(provider: &OpenProvider, method: &str, error: Error) -> Error {
    if error.class != Class::Plugin || error.data.contains_key("plugin") {
        return error;
    }
    let OpenProvider {
        plugin,
        version,
        interface,
        name,
        ..
    } = provider;
    let mut outer = Error::new(
        Class::Plugin,
        error.id.clone(),
        format!("plugin `{plugin}` {version} failed in `{method}` of `{interface}` (`{name}`)"),
    );
    outer.causes.push(error.message.clone());
    outer.causes.extend(error.causes.iter().cloned());
    outer.hints.clone_from(&error.hints);
    if outer.hints.is_empty() {
        outer
            .hints
            .push("this is a bug in the plugin; report it to its author".to_owned());
    }
    outer.data.clone_from(&error.data);
    outer
        .data("plugin", plugin.clone())
        .data("version", version.clone())
        .data("path", provider.path.display().to_string())
}

fn log_call(provider: &OpenProvider, method: &str) {
    logging::record(
        log::TRACE,
        "host",
        &format!(
            "{method} of {} ({} {})",
            provider.interface, provider.plugin, provider.version
        ),
        "",
    );
}

unsafe extern "C" fn write(ctx: *mut c_void, chunk: KtStr) {
    // SAFETY: the value in `invoke`, which is on the stack meanwhile, and a string that
    // is valid during this call.
    let (reply, chunk) = unsafe { (&mut *ctx.cast::<ReplyBuffer>(), chunk.bytes()) };
    match chunk {
        Ok(chunk) if reply.result.len() + chunk.len() <= MAX_REPLY => {
            reply.result.extend_from_slice(chunk);
        }
        Ok(_) => reply.violation = Some("its result is larger than 256 MiB"),
        Err(_) => reply.violation = Some("it passed an invalid text"),
    }
}

unsafe extern "C" fn fail(ctx: *mut c_void, error: KtStr) {
    // SAFETY: as in `write`.
    let (reply, error) = unsafe { (&mut *ctx.cast::<ReplyBuffer>(), error.bytes()) };
    reply.error = Some(error.unwrap_or_default().to_vec());
}

#[cfg(test)]
mod tests {
    use super::{ReplyBuffer, interpret};
    use kt_plugin_api::Class;
    use kt_plugin_api::abi::status;

    fn reply(result: &str, error: Option<&str>) -> ReplyBuffer {
        ReplyBuffer {
            result: result.into(),
            error: error.map(Into::into),
            violation: None,
        }
    }

    #[test]
    fn a_valid_reply_is_passed_on() {
        let result = interpret(status::OK, reply("{\"a\":1}", None)).unwrap();
        assert_eq!(result, b"{\"a\":1}");
        let error = r#"{"id":"x","class":"conflict","message":"taken"}"#;
        let error = interpret(status::FAILED, reply("", Some(error))).unwrap_err();
        assert_eq!(
            (error.class, error.message.as_str()),
            (Class::Conflict, "taken")
        );
    }

    #[test]
    fn an_invalid_reply_says_what_is_wrong() {
        for (code, result, error, expected) in [
            (status::OK, "", None, "without a result"),
            (status::OK, "}{", None, "not valid JSON"),
            (status::OK, "1", Some("{}"), "success and an error"),
            (status::FAILED, "", Some("junk"), "error is malformed"),
            (status::FAILED, "", None, "status -1 without an error"),
            (status::UNSUPPORTED, "", None, "does not support"),
            (7, "", None, "status 7 without an error"),
        ] {
            let error = interpret(code, reply(result, error)).unwrap_err();
            assert_eq!(error.class, Class::Plugin);
            assert!(error.message.contains(expected), "{error}");
        }
    }
}
