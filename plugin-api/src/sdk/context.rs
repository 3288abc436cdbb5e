//! The context of a call: access to the host.

use super::chunks::Chunks;
use super::provider::{CallOptions, ProviderHandle, ProviderInfo, parse_error};
use crate::abi::{self, KtContext, KtProvider, KtStr, cancel, emit, status};
use crate::{Class, Error, Event, Message, Output, Prompt, PromptKind};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::Serialize;
use serde_json::Value;
use std::marker::PhantomData;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How often a wait looks for a cancellation if the host has no descriptor for it.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

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
    /// What the host's struct contains, as far as this version of the SDK knows it.
    raw: KtContext,
    /// What `with_timeout` and `without_cancellation` changed.
    pub(super) options: CallOptions,
    _call: PhantomData<&'a KtContext>,
}

impl<'a> Context<'a> {
    /// # Errors
    /// Class `plugin` if the host passed an invalid struct.
    ///
    /// # Safety
    /// `raw` must be null or point to a `kt_context` that is valid for `'a`.
    #[doc(hidden)]
    pub unsafe fn from_raw(raw: *const KtContext) -> Result<Self, Error> {
        // SAFETY: as the caller guarantees.
        let raw = unsafe { abi::read(raw) }
            .and_then(|raw| abi::check_flags::<KtContext>(raw.flags, 0).map(|()| raw))
            .map_err(|e| Error::new(Class::Plugin, "invalid-call", e.to_string()))?;
        Ok(Self {
            raw,
            options: CallOptions::default(),
            _call: PhantomData,
        })
    }

    /// Returns the reason of the cancellation, if the call is cancelled.
    #[must_use]
    pub fn cancelled(&self) -> Option<Cancel> {
        let reason = match self.raw.cancelled {
            // SAFETY: called with its own context, during the call.
            Some(f) if !self.options.ignore_cancellation => unsafe { f(self.raw.ctx) },
            _ => cancel::NONE,
        };
        match reason {
            cancel::INTERRUPT => Some(Cancel::Interrupt),
            cancel::TERMINATE => Some(Cancel::Terminate),
            cancel::NONE if self.remaining() == Some(Duration::ZERO) => Some(Cancel::Deadline),
            cancel::NONE => None,
            _ => Some(Cancel::Deadline),
        }
    }

    /// The field that the feature `next` appends.
    #[cfg(feature = "next")]
    #[must_use]
    pub fn next(&self) -> usize {
        self.raw.next
    }

    /// Waits until the call is cancelled, but not longer than `timeout`, and returns
    /// the reason of the cancellation, if there is one. A signal ends the wait
    /// immediately, so that a loop needs no short interval to notice it.
    #[must_use]
    pub fn wait_cancelled(&self, timeout: Duration) -> Option<Cancel> {
        let end = Instant::now() + timeout;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if let Some(reason) = self.cancelled() {
                return Some(reason);
            }
            if left.is_zero() {
                return None;
            }
            let left = self.remaining().map_or(left, |deadline| left.min(deadline));
            self.sleep(left);
        }
    }

    /// Sleeps until a signal cancels the call, but not longer than `timeout`.
    fn sleep(&self, timeout: Duration) {
        let Some(fd) = self.cancel_fd() else {
            let ignored = self.options.ignore_cancellation;
            std::thread::sleep(if ignored {
                timeout
            } else {
                timeout.min(POLL_INTERVAL)
            });
            return;
        };
        let timeout = Timespec::try_from(timeout).ok();
        // Errors such as EINTR end the sleep early, and the caller checks the time.
        let _result = poll(&mut [PollFd::new(&fd, PollFlags::IN)], timeout.as_ref());
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

    /// Returns a file descriptor that becomes readable when a signal cancels the call.
    /// It belongs to the host: it may be polled, but not read. The deadline does not
    /// make it readable; see [`Context::remaining`].
    #[must_use]
    pub fn cancel_fd(&self) -> Option<BorrowedFd<'a>> {
        if self.options.ignore_cancellation {
            return None;
        }
        // SAFETY: called with its own context, during the call.
        let fd = self.raw.cancel_fd.map(|f| unsafe { f(self.raw.ctx) })?;
        let fd = RawFd::try_from(fd).ok().filter(|fd| *fd >= 0)?;
        // SAFETY: the host keeps the descriptor open during the call, which is `'a`.
        Some(unsafe { BorrowedFd::borrow_raw(fd) })
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
        let of_context = if self.options.ignore_cancellation {
            0
        } else {
            self.raw.deadline_unix_ms
        };
        let deadline = [of_context, self.options.deadline_unix_ms];
        let deadline = deadline.into_iter().filter(|ms| *ms != 0).min()?;
        Some(Duration::from_millis(deadline).saturating_sub(unix_time()))
    }

    /// Returns this context for work that must complete during a shutdown: signals do
    /// not cancel it, and it expires after `timeout` instead of at its deadline.
    #[must_use]
    pub fn without_cancellation(&self, timeout: Duration) -> Context<'a> {
        Context {
            options: CallOptions {
                ignore_cancellation: true,
                deadline_unix_ms: after(timeout),
            },
            ..*self
        }
    }

    /// Returns this context with an expiration after `timeout`, or at the current
    /// deadline if that is earlier.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Context<'a> {
        let mut options = self.options;
        if self.remaining().is_none_or(|left| timeout < left) {
            options.deadline_unix_ms = after(timeout);
        }
        Context { options, ..*self }
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
        self.emit(
            emit::PROGRESS,
            &Message {
                message: message.to_owned(),
            },
        );
    }

    /// Reports a warning.
    pub fn warn(&self, message: &str) {
        self.emit(
            emit::WARNING,
            &Message {
                message: message.to_owned(),
            },
        );
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

    fn prompt(&self, kind: PromptKind, question: &str) -> Result<String, Error> {
        let question = question.to_owned();
        let json = serde_json::to_string(&Prompt { kind, question }).unwrap_or_default();
        let mut answer = Chunks::default();
        let Some(prompt) = self.raw.prompt else {
            return Err(Error::internal("the host does not support prompts"));
        };
        // SAFETY: called with its own context; text and sink outlive the call.
        let code = unsafe { prompt(self.raw.ctx, KtStr::new(&json), answer.sink()) };
        let answer = answer.text().unwrap_or_default();
        if code == status::OK {
            return Ok(answer.to_owned());
        }
        Err(serde_json::from_str(answer).unwrap_or_else(|_| {
            Error::new(Class::Usage, "cannot-prompt", "the user cannot be prompted")
        }))
    }

    /// Asks the user for confirmation. `--yes` confirms; without a terminal the
    /// error names that option.
    ///
    /// # Errors
    /// Class `usage` if the user cannot be prompted or declines.
    pub fn confirm(&self, question: &str) -> Result<(), Error> {
        self.prompt(PromptKind::Confirm, question).map(drop)
    }

    /// Prompts for a secret without echo, or reads it from standard input if that
    /// is not a terminal.
    ///
    /// # Errors
    /// Class `usage` if the secret cannot be read.
    pub fn prompt_secret(&self, question: &str) -> Result<String, Error> {
        self.prompt(PromptKind::Secret, question)
    }

    /// Returns the providers of an interface, the best first. No library is loaded.
    ///
    /// # Errors
    /// Class `plugin` if the host cannot list them.
    pub fn providers(&self, id: &str) -> Result<Vec<ProviderInfo>, Error> {
        let mut json = Chunks::default();
        let Some(list) = self.raw.list_providers else {
            return Ok(Vec::new());
        };
        // SAFETY: called with its own context; text and sink outlive the call.
        let code = unsafe { list(self.raw.ctx, KtStr::new(id), json.sink()) };
        if code != status::OK {
            return Err(parse_error(json.bytes(), code));
        }
        serde_json::from_slice(json.bytes())
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
            let mut name = Chunks::default();
            // SAFETY: called with its own context; the sink outlives the call.
            let fd = unsafe { take(self.raw.ctx, name.sink()) };
            let Some(fd) = RawFd::try_from(fd).ok().filter(|fd| *fd >= 0) else {
                return taken;
            };
            let name = name.text().unwrap_or_default().to_owned();
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
            #[cfg(feature = "next")]
            next: 0,
            ..KtProvider::EMPTY
        };
        let (id, name) = (KtStr::new(id), KtStr::new(name.unwrap_or("")));
        // SAFETY: called with its own context; the texts and `out` outlive the call.
        let code = unsafe { open(self.raw.ctx, id, name, &raw mut out) };
        abi::check_flags::<KtProvider>(out.flags, 0)
            .map_err(|e| Error::new(Class::Plugin, "invalid-call", e.to_string()))?;
        let handle = ProviderHandle::new(out, self.options);
        if code == status::OK {
            return Ok(handle);
        }
        // A call of the provider that was not opened returns the reason.
        Err(handle
            .call::<Value>("", &Value::Null)
            .err()
            .unwrap_or_else(|| {
                let message = "no provider of the interface";
                Error::new(Class::Plugin, "provider-not-found", message)
            }))
    }
}

impl<'a> ProviderHandle<'a> {
    /// Returns a copy whose calls have the deadline and cancellation of `context`.
    #[must_use]
    pub fn with_context(&self, context: &Context<'a>) -> Self {
        let mut copy = self.clone();
        copy.options = context.options;
        copy
    }
}

fn unix_time() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// Returns the deadline in `timeout` as Unix time in milliseconds.
fn after(timeout: Duration) -> u64 {
    let deadline = unix_time().saturating_add(timeout).as_millis();
    u64::try_from(deadline).unwrap_or(u64::MAX).max(1)
}
