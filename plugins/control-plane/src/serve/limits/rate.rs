//! The generic cell rate algorithm (ITU-T I.371).

use std::time::{Duration, Instant};

/// The size of a bucket, and how fast it fills.
///
/// A bucket is represented by the time at which it will be full again, and does not have to be
/// refilled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    /// Time to refill one unit.
    interval: Duration,
    /// Time to refill an empty bucket.
    capacity: Duration,
}

impl Rate {
    /// Returns a rate of one per `interval`, with bursts of `burst`.
    pub(super) fn new(interval: Duration, burst: u32) -> Self {
        Self {
            interval,
            capacity: interval * burst,
        }
    }

    /// Takes one unit from the bucket that is full at `full_at`.
    ///
    /// # Errors
    /// The time until there is a unit, when there is none. Then nothing is taken, so that requests
    /// over the limit do not prolong the wait.
    pub(super) fn take(self, full_at: &mut Instant, now: Instant) -> Result<(), Duration> {
        let after = (*full_at).max(now) + self.interval;
        let missing = after.saturating_duration_since(now + self.capacity);
        if missing.is_zero() {
            *full_at = after;
            return Ok(());
        }
        Err(missing)
    }
}
