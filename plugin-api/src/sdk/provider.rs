//! Open providers of interfaces.

use crate::abi::{KtContext, KtProvider, KtReply, KtStr, status};
use crate::{Class, Error};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::ffi::c_void;

/// A provider of an interface, as the host lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderInfo {
    /// Provider name: `systemd`.
    pub name: String,
    /// Name of its plugin.
    pub plugin: String,
    /// Whether it manages this operating system and was detected.
    pub available: bool,
    /// Whether the user's settings name it.
    #[serde(default)]
    pub selected: bool,
    /// Priority in the manifest.
    pub priority: i32,
    /// Why it is not available, or how it was detected.
    #[serde(default)]
    pub reasons: Vec<String>,
}

/// An open provider; usable from any thread until the call returns.
#[derive(Clone, Copy)]
pub struct ProviderHandle<'a> {
    raw: KtProvider,
    pub(super) context: KtContext,
    _call: std::marker::PhantomData<&'a KtContext>,
}

// SAFETY: the header guarantees that a provider may be called from any thread
// until the call that opened it returns.
unsafe impl Send for ProviderHandle<'_> {}
// SAFETY: as above.
unsafe impl Sync for ProviderHandle<'_> {}

#[derive(Default)]
struct ReplyBuffer {
    result: String,
    error: Option<String>,
}

impl<'a> ProviderHandle<'a> {
    pub(super) fn new(raw: KtProvider, context: KtContext) -> Self {
        Self {
            raw,
            context,
            _call: std::marker::PhantomData,
        }
    }

    /// Calls a method.
    ///
    /// # Errors
    /// The error of the provider, or class `plugin` if it returned none.
    pub fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        request: &impl Serialize,
    ) -> Result<T, Error> {
        let json = serde_json::to_string(request)
            .map_err(|e| Error::internal("cannot serialize the request").cause(e))?;
        let Some(call) = self.raw.call else {
            return Err(Error::new(
                Class::Plugin,
                "provider-not-found",
                "the provider does not exist",
            ));
        };
        let mut buffer = ReplyBuffer::default();
        let reply = KtReply {
            ctx: std::ptr::from_mut(&mut buffer).cast(),
            write: write_result,
            fail: write_error,
        };
        let context = std::ptr::from_ref(&self.context).cast::<c_void>();
        // SAFETY: called with its own context; texts, context and reply outlive the
        // call.
        let code = unsafe {
            call(
                self.raw.ctx,
                KtStr::new(method),
                KtStr::new(&json),
                context,
                reply,
            )
        };
        if code != status::OK {
            return Err(parse_error(
                buffer.error.as_deref().unwrap_or_default(),
                code,
            ));
        }
        serde_json::from_str(&buffer.result).map_err(|e| {
            Error::new(
                Class::Plugin,
                "invalid-response",
                format!("the response to `{method}` cannot be parsed"),
            )
            .cause(e)
        })
    }
}

pub(super) fn parse_error(json: &str, code: i32) -> Error {
    serde_json::from_str(json).unwrap_or_else(|_| {
        Error::new(
            Class::Plugin,
            "plugin-failed",
            format!("the call failed with status {code}"),
        )
    })
}

unsafe extern "C" fn write_result(ctx: *mut c_void, chunk: KtStr) {
    // SAFETY: `ctx` is the buffer of `call`, borrowed for the call.
    let (buffer, chunk) = unsafe { (&mut *ctx.cast::<ReplyBuffer>(), chunk.read()) };
    buffer.result.push_str(chunk.unwrap_or_default());
}

unsafe extern "C" fn write_error(ctx: *mut c_void, chunk: KtStr) {
    // SAFETY: `ctx` is the buffer of `call`, borrowed for the call.
    let (buffer, chunk) = unsafe { (&mut *ctx.cast::<ReplyBuffer>(), chunk.read()) };
    buffer.error = Some(chunk.unwrap_or_default().to_owned());
}
