//! What the host offers during a call.

use super::provider::{ProviderHandle, parse_error};
use crate::abi::{KtContext, KtProvider, KtSink, KtStr, cancel, emit, status};
use crate::{Class, Error, Event, Output};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::ffi::c_void;
use std::os::fd::{FromRawFd, OwnedFd};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Why a call should end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancel {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// The deadline passed.
    Deadline,
}

/// One invocation, or one interface call within it. It may be used from any
/// thread until the call returns.
pub struct Context<'a> {
    pub(super) raw: KtContext,
    pub(super) _call: std::marker::PhantomData<&'a KtContext>,
}

/// A provider of an interface, as the host lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderInfo {
    /// Provider name: `systemd`.
    pub name: String,
    /// The plugin it belongs to.
    pub plugin: String,
    /// It acts on this operating system and was detected.
    pub available: bool,
    /// It was named by the person's settings.
    #[serde(default)]
    pub selected: bool,
    /// The manifest's priority.
    pub priority: i32,
    /// Why it does not fit, or how it was detected.
    #[serde(default)]
    pub reasons: Vec<String>,
}

impl<'a> Context<'a> {
    /// # Safety
    /// `raw` must point to a context of the header's form that is valid for
    /// `'a`.
    #[doc(hidden)]
    pub unsafe fn from_raw(raw: *const KtContext) -> Self {
        // SAFETY: the caller vouches for the pointer; only as many bytes are
        // copied as the host wrote.
        let raw = unsafe {
            let mut copy = std::mem::zeroed::<KtContext>();
            let size = (*raw).size as usize;
            let wanted = size.min(size_of::<KtContext>());
            std::ptr::copy_nonoverlapping(
                raw.cast::<u8>(),
                std::ptr::from_mut(&mut copy).cast::<u8>(),
                wanted,
            );
            copy.size = u32::try_from(wanted).unwrap_or(0);
            copy
        };
        Self {
            raw,
            _call: std::marker::PhantomData,
        }
    }

    /// Whether and why the call should end.
    #[must_use]
    pub fn cancelled(&self) -> Option<Cancel> {
        let why = match self.raw.cancelled {
            // SAFETY: the function is called with its own context, within the call.
            Some(f) => unsafe { f(self.raw.ctx) },
            None => cancel::NONE,
        };
        match why {
            cancel::INTERRUPT => Some(Cancel::Interrupt),
            cancel::TERMINATE => Some(Cancel::Terminate),
            cancel::NONE if self.remaining() == Some(Duration::ZERO) => Some(Cancel::Deadline),
            cancel::NONE => None,
            _ => Some(Cancel::Deadline),
        }
    }

    /// The error that says that the call was cancelled, if it was.
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

    /// A descriptor that becomes readable when the call is cancelled.
    #[must_use]
    pub fn cancel_fd(&self) -> Option<i32> {
        // SAFETY: the function is called with its own context, within the call.
        let fd = self
            .raw
            .cancel_fd
            .map_or(-1, |f| unsafe { f(self.raw.ctx) });
        (fd >= 0).then_some(fd)
    }

    /// How many reload requests (SIGHUP) have come so far.
    #[must_use]
    pub fn reload_count(&self) -> u64 {
        // SAFETY: the function is called with its own context, within the call.
        self.raw
            .reload_count
            .map_or(0, |f| unsafe { f(self.raw.ctx) })
    }

    /// How long there is until the deadline; `None` without one.
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

    /// The same call for what must still be done while it ends: it is not
    /// cancelled, and ends after `timeout`.
    #[must_use]
    pub fn without_cancellation(&self, timeout: Duration) -> Context<'a> {
        let mut ending = self.with_timeout(timeout);
        ending.raw.cancelled = None;
        ending.raw.cancel_fd = None;
        ending
    }

    /// The same call with a deadline of its own, if that is nearer.
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
            // SAFETY: its own context, and a text that outlives the call.
            unsafe { emit(self.raw.ctx, kind, KtStr::new(&json)) };
        }
    }

    /// Says that something happened.
    pub fn event(&self, event: &Event) {
        self.emit(emit::EVENT, event);
    }

    /// Says what is being done; shown on a terminal only.
    pub fn progress(&self, message: &str) {
        self.emit(emit::PROGRESS, &json!({ "message": message }));
    }

    /// Warns the person.
    pub fn warn(&self, message: &str) {
        self.emit(emit::WARNING, &json!({ "message": message }));
    }

    /// Shows a part of a result that comes bit by bit, such as a line of a log
    /// that is followed. When nobody takes more of it, the call is cancelled: see
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
            // SAFETY: its own context, and a text that outlives the call.
            unsafe { fail(self.raw.ctx, KtStr::new(&json)) };
        }
    }

    fn prompt(&self, question: &Value) -> Result<String, Error> {
        let json = question.to_string();
        let mut answer = String::new();
        let Some(prompt) = self.raw.prompt else {
            return Err(Error::internal("the host cannot ask questions"));
        };
        // SAFETY: its own context; text and sink outlive the call.
        let code = unsafe { prompt(self.raw.ctx, KtStr::new(&json), text_sink(&mut answer)) };
        if code == status::OK {
            return Ok(answer);
        }
        Err(serde_json::from_str(&answer)
            .unwrap_or_else(|_| Error::new(Class::Usage, "cannot-ask", "cannot ask")))
    }

    /// Asks for a yes. `--yes` answers it; without a terminal it fails and
    /// names the option.
    ///
    /// # Errors
    /// Class `usage` when nobody can be asked, or the answer was no.
    pub fn confirm(&self, question: &str) -> Result<(), Error> {
        self.prompt(&json!({ "kind": "confirm", "question": question }))
            .map(drop)
    }

    /// Asks for a secret without showing it, or reads it from standard input
    /// where that is not a terminal.
    ///
    /// # Errors
    /// Class `usage` when nothing could be read.
    pub fn prompt_secret(&self, question: &str) -> Result<String, Error> {
        self.prompt(&json!({ "kind": "secret", "question": question }))
    }

    /// Every provider of an interface with its fitness; no library is opened.
    ///
    /// # Errors
    /// Class `plugin` when the host cannot say.
    pub fn providers(&self, id: &str) -> Result<Vec<ProviderInfo>, Error> {
        let mut json = String::new();
        let Some(list) = self.raw.list_providers else {
            return Ok(Vec::new());
        };
        // SAFETY: its own context; text and sink outlive the call.
        let code = unsafe { list(self.raw.ctx, KtStr::new(id), text_sink(&mut json)) };
        if code != status::OK {
            return Err(parse_error(&json, code));
        }
        serde_json::from_str(&json)
            .map_err(|e| Error::internal("the host's list cannot be read").cause(e))
    }

    /// Takes the descriptors that a service manager passed to the process, each
    /// with its name (`sd_listen_fds(3)`). Later calls find none.
    #[must_use]
    pub fn take_inherited_fds(&self) -> Vec<(String, OwnedFd)> {
        let mut taken = Vec::new();
        let Some(take) = self.raw.take_inherited_fd else {
            return taken;
        };
        loop {
            let mut name = String::new();
            // SAFETY: its own context; the sink outlives the call.
            let fd = unsafe { take(self.raw.ctx, text_sink(&mut name)) };
            if fd < 0 {
                return taken;
            }
            // SAFETY: the host gives each descriptor away once, and keeps no
            // part in it.
            taken.push((name, unsafe { OwnedFd::from_raw_fd(fd) }));
        }
    }

    /// Opens a provider of an interface: `name`, or the best that fits.
    ///
    /// # Errors
    /// Class `plugin` when there is none, or it cannot be loaded.
    pub fn open_provider(&self, id: &str, name: Option<&str>) -> Result<ProviderHandle<'a>, Error> {
        let Some(open) = self.raw.open_provider else {
            return Err(Error::internal("the host has no interfaces"));
        };
        let mut out = KtProvider {
            size: u32::try_from(size_of::<KtProvider>()).unwrap_or(0),
            reserved0: 0,
            ctx: std::ptr::null_mut(),
            call: None,
        };
        let (id, name) = (KtStr::new(id), KtStr::new(name.unwrap_or("")));
        // SAFETY: its own context; the texts and `out` outlive the call.
        let code = unsafe { open(self.raw.ctx, id, name, &raw mut out) };
        if code != status::OK {
            // What kept it from opening comes through the call that fails.
            let handle = ProviderHandle::new(out, self.raw);
            return Err(handle
                .call::<Value>("", &Value::Null)
                .err()
                .unwrap_or_else(|| {
                    Error::new(
                        Class::Plugin,
                        "provider-missing",
                        "no provider of the interface",
                    )
                }));
        }
        Ok(ProviderHandle::new(out, self.raw))
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
