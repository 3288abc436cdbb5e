//! Pauses that differ, so that those who wait for the same thing do not come back at once.

use std::time::Duration;

/// Returns a random time of at most `most`.
#[must_use]
pub fn random_time(most: Duration) -> Duration {
    // Without randomness all come back together, which does no harm.
    let share = getrandom::u32().unwrap_or_default();
    most.mul_f64(f64::from(share) / f64::from(u32::MAX))
}

/// Returns half to all of `pause`.
#[must_use]
pub fn jittered(pause: Duration) -> Duration {
    pause / 2 + random_time(pause / 2)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::jittered;

    #[test]
    fn pauses_differ_and_are_half_as_long_at_least() {
        let whole = Duration::from_secs(8);
        let all: Vec<_> = (0..100).map(|_| jittered(whole)).collect();
        assert!(all.iter().all(|pause| (whole / 2..=whole).contains(pause)));
        assert!(all.iter().any(|pause| *pause != all[0]));
    }
}
