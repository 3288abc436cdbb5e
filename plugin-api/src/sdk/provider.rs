//! Open providers of interfaces.

use super::chunks::Chunks;
use crate::abi::{self, KtCallOptions, KtContext, KtProvider, KtReply, KtStr, status};
use crate::{Class, Error};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::ffi::c_void;
use std::marker::PhantomData;
use std::sync::Arc;

/// A provider of an interface, as the host lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

/// How the calls of a provider differ from the context that it was opened with.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CallOptions {
    /// Unix time in milliseconds; 0 for none.
    pub(super) deadline_unix_ms: u64,
    pub(super) ignore_cancellation: bool,
}

impl CallOptions {
    fn raw(self) -> KtCallOptions {
        KtCallOptions {
            flags: if self.ignore_cancellation {
                abi::call::IGNORE_CANCELLATION
            } else {
                0
            },
            deadline_unix_ms: self.deadline_unix_ms,
            ..KtCallOptions::EMPTY
        }
    }
}

/// An open provider; usable from any thread until the call returns. It is closed when
/// the last copy is dropped.
#[derive(Clone)]
pub struct ProviderHandle<'a> {
    provider: Arc<OpenProvider>,
    pub(super) options: CallOptions,
    _call: PhantomData<&'a KtContext>,
}

struct OpenProvider(KtProvider);

impl Drop for OpenProvider {
    fn drop(&mut self) {
        if let Some(close) = self.0.close {
            // SAFETY: called once, with its own context; no copy of the handle exists
            // that could call the provider.
            unsafe { close(self.0.ctx) };
        }
    }
}

#[derive(Default)]
struct ReplyBuffer {
    result: Chunks,
    error: Chunks,
}

impl<'a> ProviderHandle<'a> {
    pub(super) fn new(provider: KtProvider, options: CallOptions) -> Self {
        Self {
            provider: Arc::new(OpenProvider(provider)),
            options,
            _call: PhantomData,
        }
    }

    /// The field that the feature `next` appends.
    #[cfg(feature = "next")]
    #[must_use]
    pub fn next(&self) -> usize {
        self.provider.0.next
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
        let raw = self.provider.0;
        let Some(call) = raw.call else {
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
        let options = self.options.raw();
        // SAFETY: called with its own context; texts, options and reply outlive the
        // call.
        let code = unsafe {
            call(
                raw.ctx,
                KtStr::new(method),
                KtStr::new(&json),
                std::ptr::from_ref(&options),
                reply,
            )
        };
        if code != status::OK {
            return Err(parse_error(buffer.error.bytes(), code));
        }
        serde_json::from_slice(buffer.result.bytes()).map_err(|e| {
            Error::new(
                Class::Plugin,
                "invalid-response",
                format!("the response to `{method}` cannot be parsed"),
            )
            .cause(e)
        })
    }
}

pub(super) fn parse_error(json: &[u8], code: i32) -> Error {
    serde_json::from_slice(json).unwrap_or_else(|_| {
        Error::new(
            Class::Plugin,
            "plugin-failed",
            format!("the call failed with status {code}"),
        )
    })
}

unsafe extern "C" fn write_result(ctx: *mut c_void, chunk: KtStr) {
    // SAFETY: `ctx` is the buffer of `call`, borrowed for the call, and the text is
    // valid during this one.
    unsafe { (*ctx.cast::<ReplyBuffer>()).result.append(chunk) };
}

unsafe extern "C" fn write_error(ctx: *mut c_void, chunk: KtStr) {
    // SAFETY: `ctx` is the buffer of `call`, borrowed for the call, and the text is
    // valid during this one.
    unsafe { (*ctx.cast::<ReplyBuffer>()).error.append(chunk) };
}
