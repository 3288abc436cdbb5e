//! Random delays, so that clients that wait for the same event do not retry at the same time.

use std::time::Duration;

/// Returns a random duration of at most `max`.
#[must_use]
pub fn random_duration(max: Duration) -> Duration {
    // Without random bytes all clients retry together, which does no harm.
    let share = getrandom::u32().unwrap_or_default();
    max.mul_f64(f64::from(share) / f64::from(u32::MAX))
}

/// Returns a random number of whole seconds, at most `max`.
#[must_use]
pub fn random_seconds(max: u16) -> u16 {
    let share = getrandom::u32().unwrap_or_default() % (u32::from(max) + 1);
    u16::try_from(share).unwrap_or(max)
}

/// Returns a random duration between half of `delay` and `delay`.
#[must_use]
pub fn jitter(delay: Duration) -> Duration {
    delay / 2 + random_duration(delay / 2)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{jitter, random_seconds};

    #[test]
    fn seconds_are_within_bounds() {
        let all: std::collections::BTreeSet<_> = (0..1000).map(|_| random_seconds(5)).collect();
        assert!(all.into_iter().eq(0..=5));
        assert_eq!(random_seconds(0), 0);
    }

    #[test]
    fn delays_differ_and_are_at_least_half() {
        let whole = Duration::from_secs(8);
        let all: Vec<_> = (0..100).map(|_| jitter(whole)).collect();
        assert!(all.iter().all(|pause| (whole / 2..=whole).contains(pause)));
        assert!(all.iter().any(|pause| *pause != all[0]));
    }
}
