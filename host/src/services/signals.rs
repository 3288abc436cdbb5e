//! Signals belong to the host: SIGINT and SIGTERM become cancellation, a second
//! one ends at once, and SIGHUP is a reload for a long-running command.

#![forbid(unsafe_code)]

use kt_plugin_api::abi::cancel;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// What has been asked of the running command.
#[derive(Default)]
pub(crate) struct Requests {
    cancelled: AtomicI32,
    reloads: AtomicU64,
    /// Closing the write end makes the read end readable for everyone.
    pipe: Mutex<Option<OwnedFd>>,
    readable: Option<OwnedFd>,
}

impl Requests {
    /// Starts listening. SIGHUP is a reload only for long-running commands;
    /// for others it keeps its default, to end with the terminal.
    ///
    /// # Errors
    /// When the system refuses handlers or a pipe.
    pub(crate) fn listen(long_running: bool) -> std::io::Result<Arc<Self>> {
        // The standard library's closes itself in programs that kt starts, on
        // macOS too, which has no flag for that.
        let (readable, writable) = std::io::pipe()?;
        let requests = Arc::new(Self {
            pipe: Mutex::new(Some(writable.into())),
            readable: Some(readable.into()),
            ..Self::default()
        });
        let wanted: &[i32] = if long_running {
            &[SIGINT, SIGTERM, SIGHUP]
        } else {
            &[SIGINT, SIGTERM]
        };
        let mut signals = Signals::new(wanted)?;
        let shared = Arc::clone(&requests);
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                for signal in signals.forever() {
                    shared.take(signal);
                }
            })?;
        Ok(requests)
    }

    fn take(&self, signal: i32) {
        match signal {
            SIGHUP => {
                self.reloads.fetch_add(1, Ordering::SeqCst);
            }
            SIGINT if self.cancel(cancel::INTERRUPT) => {}
            SIGTERM if self.cancel(cancel::TERMINATE) => {}
            _ => end_at_once(signal),
        }
    }

    /// Asks the command to end, as Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        self.cancel(cancel::INTERRUPT);
    }

    /// Returns whether it is the first request to end.
    fn cancel(&self, why: i32) -> bool {
        let order = Ordering::SeqCst;
        let first = self
            .cancelled
            .compare_exchange(cancel::NONE, why, order, order);
        if first.is_ok()
            && let Ok(mut pipe) = self.pipe.lock()
        {
            drop(pipe.take());
        }
        first.is_ok()
    }

    /// Why the command should end; see [`cancel`].
    pub(crate) fn cancelled(&self) -> i32 {
        self.cancelled.load(Ordering::SeqCst)
    }

    /// How many reloads were asked for.
    pub(crate) fn reloads(&self) -> u64 {
        self.reloads.load(Ordering::SeqCst)
    }

    /// The descriptor that is readable from cancellation on.
    pub(crate) fn fd(&self) -> i32 {
        self.readable.as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }
}

#[expect(
    clippy::exit,
    clippy::disallowed_methods,
    reason = "the second signal asks for exactly this: the plugin does not come back"
)]
fn end_at_once(signal: i32) -> ! {
    // 128 + signal is the shell's convention.
    std::process::exit(128 + signal)
}
