//! When a caller stops waiting for a response.

use std::thread;
use std::time::{Duration, Instant};

use kt_control_api::{TransportError, TransportErrorKind};

/// How often a wait checks whether the caller has cancelled.
pub(super) const CANCEL_POLL_INTERVAL: Duration = Duration::from_millis(25);

/// When a caller stops waiting for a response.
#[derive(Clone, Copy)]
pub(super) struct CallOptions<'a> {
    pub(super) deadline: Option<Instant>,
    pub(super) cancelled: &'a dyn Fn() -> bool,
}

impl CallOptions<'_> {
    /// Fails when the caller has cancelled or the deadline is over.
    pub(super) fn check(&self) -> Result<(), TransportError> {
        if (self.cancelled)() {
            return Err(TransportError::new(
                TransportErrorKind::Cancelled,
                "cancelled",
            ));
        }
        if self
            .deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
        {
            return Err(TransportError::new(
                TransportErrorKind::Timeout,
                "timed out",
            ));
        }
        Ok(())
    }

    /// Sleeps until `end`, and fails when the caller stops waiting before.
    pub(super) fn sleep_until(&self, end: Instant) -> Result<(), TransportError> {
        loop {
            self.check()?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(CANCEL_POLL_INTERVAL));
        }
    }
}
