//! So many at once, and then one at a time.

use std::time::{Duration, Instant};

/// A bucket's size and how fast it fills.
///
/// The generic cell rate algorithm (ITU-T I.371): a bucket is no more than the time at which it
/// will be full again, and needs nobody to fill it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    /// Until one more fits.
    interval: Duration,
    /// Until an empty bucket is full.
    whole: Duration,
}

impl Rate {
    /// One each `interval`, and `burst` at once.
    pub(super) fn new(interval: Duration, burst: u32) -> Self {
        Self {
            interval,
            whole: interval * burst,
        }
    }

    /// Takes one from the bucket that is full at `full_at`.
    ///
    /// # Errors
    /// How long until there is one, when there is none. Then nothing is taken: who asks too often
    /// is not kept out for longer.
    pub(super) fn take(self, full_at: &mut Instant, now: Instant) -> Result<(), Duration> {
        let after = (*full_at).max(now) + self.interval;
        let missing = after.saturating_duration_since(now + self.whole);
        if missing.is_zero() {
            *full_at = after;
            return Ok(());
        }
        Err(missing)
    }
}
