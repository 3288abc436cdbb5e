//! The context of a call: access to the host.

use super::provider::{ProviderHandle, ProviderInfo, parse_error};
use crate::abi::{KtContext, KtProvider, KtSink, KtStr, cancel, emit, status};
use crate::{Class, Error, Event, Output};
use serde::Serialize;
use serde_json::{Value, json};
use std::ffi::c_void;
use std::os::fd::{FromRawFd, OwnedFd};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The reason of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancel {
    /// SIGINT (Ctrl-C).
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// The deadline expired.
    Deadline,
}

/// The context of one invocation, or of one interface call within it. Usable
/// from any thread until the call returns.
pub struct Context<'a> {
    pub(super) raw: KtContext,
    pub(super) _call: std::marker::PhantomData<&'a KtContext>,
}

impl<'a> Context<'a> {
    /// # Safety
    /// `raw` must point to a `kt_context` that is valid for `'a`.
    #[doc(hidden)]
    pub unsafe fn from_raw(raw: *const KtContext) -> Self {
        // SAFETY: the pointer is valid as the caller guarantees; only the bytes that
        // the host wrote are copied.
        let raw = unsafe {
            let mut copy = std::mem::zeroed::<KtContext>();
            let size = (*raw).size as usize;
            let size = size.min(size_of::<KtContext>());
            std::ptr::copy_nonoverlapping(
                raw.cast::<u8>(),
                std::ptr::from_mut(&mut copy).cast::<u8>(),
                size,
            );
            copy.size = u32::try_from(size).unwrap_or(0);
            copy
        };
        Self {
            raw,
            _call: std::marker::PhantomData,
        }
    }

    /// Returns the reason of the cancellation, if the call is cancelled.
    #[must_use]
    pub fn cancelled(&self) -> Option<Cancel> {
        let reason = match self.raw.cancelled {
            // SAFETY: called with its own context, during the call.
            Some(f) => unsafe { f(self.raw.ctx) },
            None => cancel::NONE,
        };
        match reason {
            cancel::INTERRUPT => Some(Cancel::Interrupt),
            cancel::TERMINATE => Some(Cancel::Terminate),
            cancel::NONE if self.remaining() == Some(Duration::ZERO) => Some(Cancel::Deadline),
            cancel::NONE => None,
            _ => Some(Cancel::Deadline),
        }
    }

    /// Returns an error if the call is cancelled.
    ///
    /// # Errors
    /// Class `interrupted`, `terminated`, or `unavailable` for a deadline.
    pub fn check_cancelled(&self) -> Result<(), Error> {
        match self.cancelled() {
            None => Ok(()),
            Some(Cancel::Interrupt) => {
                Err(Error::new(Class::Interrupted, "interrupted", "interrupted"))
            }
            Some(Cancel::Terminate) => {
                Err(Error::new(Class::Terminated, "terminated", "terminated"))
            }
            Some(Cancel::Deadline) => Err(Error::new(Class::Unavailable, "timeout", "timed out")),
        }
    }

    /// Returns a file descriptor that becomes readable when the call is cancelled.
    #[must_use]
    pub fn cancel_fd(&self) -> Option<i32> {
        // SAFETY: called with its own context, during the call.
        let fd = self
            .raw
            .cancel_fd
            .map_or(-1, |f| unsafe { f(self.raw.ctx) });
        (fd >= 0).then_some(fd)
    }

    /// Returns the number of reload requests (SIGHUP) received so far.
    #[must_use]
    pub fn reload_count(&self) -> u64 {
        // SAFETY: called with its own context, during the call.
        self.raw
            .reload_count
            .map_or(0, |f| unsafe { f(self.raw.ctx) })
    }

    /// Returns the time until the deadline; `None` if there is none.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        if self.raw.deadline_unix_ms == 0 {
            return None;
        }
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Some(Duration::from_millis(self.raw.deadline_unix_ms).saturating_sub(now))
    }

    /// Returns a copy that is never cancelled and expires after `timeout`, for work
    /// that must complete during a shutdown.
    #[must_use]
    pub fn without_cancellation(&self, timeout: Duration) -> Context<'a> {
        let mut context = self.with_timeout(timeout);
        context.raw.cancelled = None;
        context.raw.cancel_fd = None;
        context
    }

    /// Returns a copy that expires after `timeout`, or at the current deadline if
    /// that is earlier.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Context<'a> {
        let mut raw = self.raw;
        if self.remaining().is_none_or(|left| timeout < left) {
            let now = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            raw.deadline_unix_ms = u64::try_from((now + timeout).as_millis())
                .unwrap_or(u64::MAX)
                .max(1);
        }
        Context {
            raw,
            _call: std::marker::PhantomData,
        }
    }

    fn emit(&self, kind: u32, value: &impl Serialize) {
        let Ok(json) = serde_json::to_string(value) else {
            return;
        };
        if let Some(emit) = self.raw.emit {
            // SAFETY: called with its own context; the text outlives the call.
            unsafe { emit(self.raw.ctx, kind, KtStr::new(&json)) };
        }
    }

    /// Emits an event.
    pub fn event(&self, event: &Event) {
        self.emit(emit::EVENT, event);
    }

    /// Reports the current activity; displayed on a terminal only.
    pub fn progress(&self, message: &str) {
        self.emit(emit::PROGRESS, &json!({ "message": message }));
    }

    /// Reports a warning.
    pub fn warn(&self, message: &str) {
        self.emit(emit::WARNING, &json!({ "message": message }));
    }

    /// Emits a partial result, such as a line of a log that is followed. If
    /// standard output is closed, the call is cancelled: see
    /// [`Context::check_cancelled`].
    pub fn partial_result(&self, part: &Output) {
        self.emit(emit::PARTIAL_RESULT, part);
    }

    pub(crate) fn result(&self, output: &Output) {
        self.emit(emit::RESULT, output);
    }

    pub(crate) fn fail(&self, error: &Error) {
        let json = serde_json::to_string(error).unwrap_or_default();
        if let Some(fail) = self.raw.fail {
            // SAFETY: called with its own context; the text outlives the call.
            unsafe { fail(self.raw.ctx, KtStr::new(&json)) };
        }
    }

    fn prompt(&self, question: &Value) -> Result<String, Error> {
        let json = question.to_string();
        let mut answer = String::new();
        let Some(prompt) = self.raw.prompt else {
            return Err(Error::internal("the host does not support prompts"));
        };
        // SAFETY: called with its own context; text and sink outlive the call.
        let code = unsafe { prompt(self.raw.ctx, KtStr::new(&json), text_sink(&mut answer)) };
        if code == status::OK {
            return Ok(answer);
        }
        Err(serde_json::from_str(&answer).unwrap_or_else(|_| {
            Error::new(Class::Usage, "cannot-prompt", "the user cannot be prompted")
        }))
    }

    /// Asks the user for confirmation. `--yes` confirms; without a terminal the
    /// error names that option.
    ///
    /// # Errors
    /// Class `usage` if the user cannot be prompted or declines.
    pub fn confirm(&self, question: &str) -> Result<(), Error> {
        self.prompt(&json!({ "kind": "confirm", "question": question }))
            .map(drop)
    }

    /// Prompts for a secret without echo, or reads it from standard input if that
    /// is not a terminal.
    ///
    /// # Errors
    /// Class `usage` if the secret cannot be read.
    pub fn prompt_secret(&self, question: &str) -> Result<String, Error> {
        self.prompt(&json!({ "kind": "secret", "question": question }))
    }

    /// Returns the providers of an interface, the best first. No library is loaded.
    ///
    /// # Errors
    /// Class `plugin` if the host cannot list them.
    pub fn providers(&self, id: &str) -> Result<Vec<ProviderInfo>, Error> {
        let mut json = String::new();
        let Some(list) = self.raw.list_providers else {
            return Ok(Vec::new());
        };
        // SAFETY: called with its own context; text and sink outlive the call.
        let code = unsafe { list(self.raw.ctx, KtStr::new(id), text_sink(&mut json)) };
        if code != status::OK {
            return Err(parse_error(&json, code));
        }
        serde_json::from_str(&json)
            .map_err(|e| Error::internal("cannot parse the host's list of providers").cause(e))
    }

    /// Takes the file descriptors that the service manager passed to the process,
    /// each with its name (`sd_listen_fds(3)`). Later calls return none.
    #[must_use]
    pub fn take_inherited_fds(&self) -> Vec<(String, OwnedFd)> {
        let mut taken = Vec::new();
        let Some(take) = self.raw.take_inherited_fd else {
            return taken;
        };
        loop {
            let mut name = String::new();
            // SAFETY: called with its own context; the sink outlives the call.
            let fd = unsafe { take(self.raw.ctx, text_sink(&mut name)) };
            if fd < 0 {
                return taken;
            }
            // SAFETY: the host returns each descriptor once and passes its ownership
            // to the caller.
            taken.push((name, unsafe { OwnedFd::from_raw_fd(fd) }));
        }
    }

    /// Opens a provider of an interface: `name`, or the best available one.
    ///
    /// # Errors
    /// Class `plugin` if there is none, or it cannot be loaded.
    pub fn open_provider(&self, id: &str, name: Option<&str>) -> Result<ProviderHandle<'a>, Error> {
        let Some(open) = self.raw.open_provider else {
            return Err(Error::internal("the host does not support interfaces"));
        };
        let mut out = KtProvider {
            size: u32::try_from(size_of::<KtProvider>()).unwrap_or(0),
            reserved0: 0,
            ctx: std::ptr::null_mut(),
            call: None,
        };
        let (id, name) = (KtStr::new(id), KtStr::new(name.unwrap_or("")));
        // SAFETY: called with its own context; the texts and `out` outlive the call.
        let code = unsafe { open(self.raw.ctx, id, name, &raw mut out) };
        if code != status::OK {
            // A call of the handle that was not opened returns the reason.
            let handle = ProviderHandle::new(out, self.raw);
            return Err(handle
                .call::<Value>("", &Value::Null)
                .err()
                .unwrap_or_else(|| {
                    Error::new(
                        Class::Plugin,
                        "provider-not-found",
                        "no provider of the interface",
                    )
                }));
        }
        Ok(ProviderHandle::new(out, self.raw))
    }
}

impl<'a> ProviderHandle<'a> {
    /// Returns a copy whose calls have the deadline and cancellation of `context`.
    #[must_use]
    pub fn with_context(mut self, context: &Context<'a>) -> Self {
        self.context = context.raw;
        self
    }
}

fn text_sink(out: &mut String) -> KtSink {
    KtSink {
        ctx: std::ptr::from_mut(out).cast(),
        write: write_text,
    }
}

unsafe extern "C" fn write_text(ctx: *mut c_void, chunk: KtStr) {
    // SAFETY: `ctx` is the string of `text_sink`, borrowed for the call.
    let (out, chunk) = unsafe { (&mut *ctx.cast::<String>(), chunk.read()) };
    out.push_str(chunk.unwrap_or_default());
}
