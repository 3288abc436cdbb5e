//! The end of a wait because the caller stops waiting for the response.

use std::time::Duration;

use kt_cancellation::{CancelReason, Cancellation};
use kt_control_api::{TransportError, TransportErrorKind};

/// Sleeps, and fails when the caller stops waiting before the end, or has stopped.
pub(super) fn sleep(cancellation: Cancellation<'_>, time: Duration) -> Result<(), TransportError> {
    match cancellation.sleep(time) {
        None => Ok(()),
        Some(reason) => Err(error(reason)),
    }
}

/// Returns the error of a request whose caller has stopped waiting.
pub(super) fn error(reason: CancelReason) -> TransportError {
    match reason {
        CancelReason::Signal => TransportError::new(TransportErrorKind::Cancelled, "cancelled"),
        CancelReason::Deadline => TransportError::new(TransportErrorKind::Timeout, "timed out"),
    }
}
