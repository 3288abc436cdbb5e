//! Deadlines as Unix time in milliseconds, which is how they cross the boundary.

#![forbid(unsafe_code)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Returns the current time.
pub(crate) fn unix_ms() -> u64 {
    unix_ms_after(Duration::ZERO)
}

/// Returns the time after `timeout`.
pub(crate) fn unix_ms_after(timeout: Duration) -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(now.saturating_add(timeout).as_millis()).unwrap_or(u64::MAX)
}
