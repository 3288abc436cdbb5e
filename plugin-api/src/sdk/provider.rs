//! A provider of an interface that the host opened.

use super::context::Context;
use crate::abi::{KtContext, KtProvider, KtReply, KtStr, status};
use crate::{Class, Error};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::ffi::c_void;

/// An open provider; usable from any thread while the call lasts.
#[derive(Clone, Copy)]
pub struct ProviderHandle<'a> {
    raw: KtProvider,
    context: KtContext,
    _call: std::marker::PhantomData<&'a KtContext>,
}

// SAFETY: the header promises that a provider's call may be used from any
// thread while the call that opened it lasts.
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

    /// The same provider; its calls carry the deadline of `context`.
    #[must_use]
    pub fn with_context(&self, context: &Context<'a>) -> Self {
        Self {
            raw: self.raw,
            context: context.raw,
            _call: self._call,
        }
    }

    /// Calls a method.
    ///
    /// # Errors
    /// What the provider answered, or class `plugin` when it failed to.
    pub fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        request: &impl Serialize,
    ) -> Result<T, Error> {
        let json = serde_json::to_string(request)
            .map_err(|e| Error::internal("the request cannot be written").cause(e))?;
        let Some(call) = self.raw.call else {
            return Err(Error::new(
                Class::Plugin,
                "provider-missing",
                "no such provider",
            ));
        };
        let mut buffer = ReplyBuffer::default();
        let reply = KtReply {
            ctx: std::ptr::from_mut(&mut buffer).cast(),
            write: write_result,
            fail: write_error,
        };
        let context = std::ptr::from_ref(&self.context).cast::<c_void>();
        // SAFETY: the provider's own pointer; texts, context and reply outlive the call.
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
                format!("`{method}` answered something unreadable"),
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
