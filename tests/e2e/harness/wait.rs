//! Waiting for a condition.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The time that anything on this machine may take; what takes longer hangs.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);
/// Short against what is waited for, long enough to leave the processors to it.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Calls `probe` until it returns something, and returns that.
///
/// # Panics
/// After `limit`; the message names `what` was waited for.
pub(crate) fn wait_until<T>(
    what: &str,
    limit: Duration,
    mut probe: impl FnMut() -> Option<T>,
) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(value) = probe() {
            return value;
        }
        assert!(Instant::now() < end, "timed out after {limit:?}: {what}");
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// Sets a flag that ends threads when it is dropped, also when the test fails.
pub(crate) struct StopOnDrop<'a>(pub(crate) &'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
