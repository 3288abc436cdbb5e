//! Pauses that differ, so that those who wait for the same thing do not come back at once.

use std::time::Duration;

/// Returns a random time of at most `most`.
#[must_use]
pub fn random_duration(most: Duration) -> Duration {
    // Without randomness all come back together, which does no harm.
    let share = getrandom::u32().unwrap_or_default();
    most.mul_f64(f64::from(share) / f64::from(u32::MAX))
}

/// Returns a random number of whole seconds, `most` at most.
#[must_use]
pub fn random_seconds(most: u16) -> u16 {
    let share = getrandom::u32().unwrap_or_default() % (u32::from(most) + 1);
    u16::try_from(share).unwrap_or(most)
}

/// Returns half to all of `pause`.
#[must_use]
pub fn jitter(pause: Duration) -> Duration {
    pause / 2 + random_duration(pause / 2)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{jitter, random_seconds};

    #[test]
    fn seconds_are_those_asked_for_and_no_more() {
        let all: std::collections::BTreeSet<_> = (0..1000).map(|_| random_seconds(5)).collect();
        assert!(all.into_iter().eq(0..=5));
        assert_eq!(random_seconds(0), 0);
    }

    #[test]
    fn pauses_differ_and_are_half_as_long_at_least() {
        let whole = Duration::from_secs(8);
        let all: Vec<_> = (0..100).map(|_| jitter(whole)).collect();
        assert!(all.iter().all(|pause| (whole / 2..=whole).contains(pause)));
        assert!(all.iter().any(|pause| *pause != all[0]));
    }
}
