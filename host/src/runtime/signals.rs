//! Signal handling: SIGINT and SIGTERM cancel the command, a second one ends the
//! process immediately, and SIGHUP reloads a long-running command. The same thread
//! notices calls that do not return after their deadline, and restores signal actions.

#![forbid(unsafe_code)]

use crate::crash::{self, HangPolicy};
use kt_plugin_api::abi::cancel;
use kt_plugin_api::{Class, Error};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

/// How often a signal is looked at that cancels nothing: it makes no descriptor readable.
const HANDLING_INTERVAL: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 1_000_000,
};
/// Whether SIGINT is for a program of the user in the foreground.
static IGNORE_INTERRUPTS: AtomicBool = AtomicBool::new(false);

/// Ignores SIGINT while a program of the user, such as a pager, is in the foreground: the terminal
/// sends it to both.
pub(crate) fn ignore_interrupts(ignore: bool) {
    IGNORE_INTERRUPTS.store(ignore, Ordering::SeqCst);
}

/// Is notified of signals, by the thread that handles them.
pub(crate) trait SignalObserver: Send + Sync {
    /// The command was cancelled, or is to reload.
    fn signalled(&self);
}

/// The signals that the running command has to handle.
#[derive(Default)]
pub(crate) struct SignalState {
    cancelled: AtomicI32,
    /// Whether a signal has arrived; set by the handler itself.
    arrived: Arc<AtomicBool>,
    /// Whether the thread handles signals at this moment.
    handling: AtomicBool,
    reloads: AtomicU64,
    /// Closing the write end makes the read end readable in every thread.
    pipe: Mutex<Option<OwnedFd>>,
    readable: Option<OwnedFd>,
    observers: Mutex<Vec<Weak<dyn SignalObserver>>>,
}

impl SignalState {
    /// Installs the handlers. SIGHUP has its default effect for commands that are
    /// not long-running, so that they end with the terminal.
    ///
    /// # Errors
    /// If a handler or a pipe cannot be created.
    pub(crate) fn listen(long_running: bool, policy: HangPolicy) -> std::io::Result<Arc<Self>> {
        let state = Self::without_handlers()?;
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&state.arrived))?;
        }
        let handled: &[i32] = if long_running {
            &[SIGINT, SIGTERM, SIGHUP]
        } else {
            &[SIGINT, SIGTERM]
        };
        // The thread that handles signals also watches the deadlines of calls.
        let (read, write) = UnixStream::pair()?;
        write.set_nonblocking(true)?;
        crash::set_waker(write.try_clone()?);
        let signals = SignalDelivery::with_pipe(read, write, SignalOnly, handled)?;
        crash::record_host_signals();
        let shared = Arc::clone(&state);
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || shared.watch(signals, policy))?;
        Ok(state)
    }

    fn watch(&self, mut signals: SignalDelivery<UnixStream, SignalOnly>, policy: HangPolicy) {
        crash::set_alternate_stack();
        loop {
            let timeouts = [crash::check_calls(policy), crash::restore_signals()];
            let timeout = timeouts.into_iter().flatten().min();
            let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
            let mut readable = [PollFd::new(signals.get_read(), PollFlags::IN)];
            // After an error such as EINTR there is nothing to read yet.
            let _result = poll(&mut readable, timeout.as_ref());
            self.handling.store(true, Ordering::SeqCst);
            self.arrived.store(false, Ordering::SeqCst);
            for signal in signals.pending() {
                self.handle(signal);
            }
            self.handling.store(false, Ordering::SeqCst);
        }
    }

    /// Creates a state that no signal changes, for a process that another one notifies
    /// of its signals.
    ///
    /// # Errors
    /// If a pipe cannot be created.
    pub(crate) fn without_handlers() -> std::io::Result<Arc<Self>> {
        // `std::io::pipe` sets close-on-exec, on macOS too, which has no `pipe2`.
        let (readable, writable) = std::io::pipe()?;
        Ok(Arc::new(Self {
            pipe: Mutex::new(Some(writable.into())),
            readable: Some(readable.into()),
            ..Self::default()
        }))
    }

    fn handle(&self, signal: i32) {
        match signal {
            SIGINT if IGNORE_INTERRUPTS.load(Ordering::SeqCst) => {}
            SIGHUP => self.reload(),
            SIGINT if self.cancel(cancel::INTERRUPT) => crash::record_signal(signal),
            SIGTERM if self.cancel(cancel::TERMINATE) => crash::record_signal(signal),
            _ => crash::end_by_signal(signal),
        }
    }

    /// Cancels the command, as Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        self.cancel(cancel::INTERRUPT);
    }

    /// Counts a request to reload.
    pub(crate) fn reload(&self) {
        self.reloads.fetch_add(1, Ordering::SeqCst);
        self.notify();
    }

    /// Adds an observer, and removes those that do not exist anymore.
    pub(super) fn observe(&self, observer: Weak<dyn SignalObserver>) {
        if let Ok(mut observers) = self.observers.lock() {
            observers.retain(|observer| observer.strong_count() > 0);
            observers.push(observer);
        }
    }

    fn notify(&self) {
        let observers = self.observers.lock().map(|all| all.clone());
        for observer in observers.unwrap_or_default() {
            if let Some(observer) = observer.upgrade() {
                observer.signalled();
            }
        }
    }

    /// Cancels the command; returns whether it was not cancelled before.
    pub(crate) fn cancel(&self, reason: i32) -> bool {
        let order = Ordering::SeqCst;
        let first = self
            .cancelled
            .compare_exchange(cancel::NONE, reason, order, order);
        if first.is_ok()
            && let Ok(mut pipe) = self.pipe.lock()
        {
            drop(pipe.take());
        }
        if first.is_ok() {
            self.notify();
        }
        first.is_ok()
    }

    /// Returns the reason of the cancellation; see [`cancel`].
    pub(crate) fn cancelled(&self) -> i32 {
        self.cancelled.load(Ordering::SeqCst)
    }

    /// Returns the number of reloads.
    pub(crate) fn reloads(&self) -> u64 {
        self.reloads.load(Ordering::SeqCst)
    }

    /// Returns the descriptor that becomes readable on cancellation, to be polled.
    pub(crate) fn readable(&self) -> Option<BorrowedFd<'_>> {
        self.readable.as_ref().map(AsFd::as_fd)
    }

    /// Returns the error of a cancelled command.
    pub(crate) fn error(&self) -> Option<Error> {
        match self.cancelled() {
            cancel::NONE => None,
            cancel::TERMINATE => Some(Error::new(Class::Terminated, "terminated", "terminated")),
            _ => Some(Error::new(Class::Interrupted, "interrupted", "interrupted")),
        }
    }

    /// Returns the error of a cancelled command, once the signals that have arrived are handled.
    ///
    /// What is typed behind Ctrl-C can be read before the thread has handled the signal.
    pub(crate) fn settled_error(&self) -> Option<Error> {
        let order = Ordering::SeqCst;
        while self.arrived.load(order) || self.handling.load(order) {
            let mut handled = [PollFd::new(self.readable.as_ref()?, PollFlags::IN)];
            let _result = poll(&mut handled, Some(&HANDLING_INTERVAL));
        }
        self.error()
    }

    /// Returns the number of the descriptor that becomes readable on cancellation.
    pub(crate) fn fd(&self) -> i32 {
        self.readable.as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }
}
