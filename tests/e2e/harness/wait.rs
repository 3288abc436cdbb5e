//! Waiting for a condition.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Between two looks: short against what is waited for, long enough to leave
/// the processors to it.
const POLL: Duration = Duration::from_millis(10);

/// Asks `probe` until it answers, and returns the answer.
///
/// # Panics
/// When there is no answer after `limit`; `what` says what was waited for.
pub(crate) fn wait_until<T>(
    what: &str,
    limit: Duration,
    mut probe: impl FnMut() -> Option<T>,
) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(answer) = probe() {
            return answer;
        }
        assert!(Instant::now() < end, "waited {limit:?} in vain for {what}");
        std::thread::sleep(POLL);
    }
}

/// Tells threads to end when it is dropped, and so also when the test fails.
pub(crate) struct Ending<'a>(pub(crate) &'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
