//! Signal handling: SIGINT and SIGTERM cancel the command, a second one ends the
//! process immediately, and SIGHUP reloads a long-running command.

#![forbid(unsafe_code)]

use kt_plugin_api::abi::cancel;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// The signals that the running command has to handle.
#[derive(Default)]
pub(crate) struct SignalState {
    cancelled: AtomicI32,
    reloads: AtomicU64,
    /// Closing the write end makes the read end readable in every thread.
    pipe: Mutex<Option<OwnedFd>>,
    readable: Option<OwnedFd>,
}

impl SignalState {
    /// Installs the handlers. SIGHUP has its default effect for commands that are
    /// not long-running, so that they end with the terminal.
    ///
    /// # Errors
    /// If a handler or a pipe cannot be created.
    pub(crate) fn listen(long_running: bool) -> std::io::Result<Arc<Self>> {
        // `std::io::pipe` sets close-on-exec, on macOS too, which has no `pipe2`.
        let (readable, writable) = std::io::pipe()?;
        let state = Arc::new(Self {
            pipe: Mutex::new(Some(writable.into())),
            readable: Some(readable.into()),
            ..Self::default()
        });
        let handled: &[i32] = if long_running {
            &[SIGINT, SIGTERM, SIGHUP]
        } else {
            &[SIGINT, SIGTERM]
        };
        let mut signals = Signals::new(handled)?;
        let shared = Arc::clone(&state);
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                for signal in signals.forever() {
                    shared.handle(signal);
                }
            })?;
        Ok(state)
    }

    fn handle(&self, signal: i32) {
        match signal {
            SIGHUP => {
                self.reloads.fetch_add(1, Ordering::SeqCst);
            }
            SIGINT if self.cancel(cancel::INTERRUPT) => {}
            SIGTERM if self.cancel(cancel::TERMINATE) => {}
            _ => exit_immediately(signal),
        }
    }

    /// Cancels the command, as Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        self.cancel(cancel::INTERRUPT);
    }

    /// Returns whether the command was not cancelled before.
    fn cancel(&self, reason: i32) -> bool {
        let order = Ordering::SeqCst;
        let first = self
            .cancelled
            .compare_exchange(cancel::NONE, reason, order, order);
        if first.is_ok()
            && let Ok(mut pipe) = self.pipe.lock()
        {
            drop(pipe.take());
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

    /// Returns the descriptor that becomes readable on cancellation.
    pub(crate) fn fd(&self) -> i32 {
        self.readable.as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }
}

#[expect(
    clippy::exit,
    clippy::disallowed_methods,
    reason = "the plugin does not react to the first signal, and cannot be stopped otherwise"
)]
fn exit_immediately(signal: i32) -> ! {
    // 128 + signal is the shell's convention.
    std::process::exit(128 + signal)
}
