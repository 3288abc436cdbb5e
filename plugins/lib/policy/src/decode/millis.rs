//! Durations of the file.

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

/// The maximum duration: 24 hours, longer than any request.
const MAX_MILLIS: u64 = 24 * 3600 * 1000;

/// A positive duration in milliseconds, at most 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(u64);

impl Millis {
    /// Returns a number of seconds.
    pub(crate) const fn from_seconds(seconds: u64) -> Self {
        Self(seconds * 1000)
    }

    /// Parses `250ms`, `5s`, `2m` or `1h`; returns `None` for anything else, for zero and for more
    /// than 24 hours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.find(|c: char| !c.is_ascii_digit())?;
        let factor = match &text[digits..] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        let value = text[..digits].parse::<u64>().ok()?.checked_mul(factor)?;
        (1..=MAX_MILLIS).contains(&value).then_some(Self(value))
    }

    /// Returns the number of milliseconds.
    #[must_use]
    pub fn as_millis(self) -> u64 {
        self.0
    }
}

impl From<Millis> for Duration {
    fn from(value: Millis) -> Self {
        Self::from_millis(value.0)
    }
}

impl fmt::Display for Millis {
    /// Writes the largest unit that divides the value, so that `1000ms` and `1s` are equal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (value, unit) = match self.0 {
            n if n % 3_600_000 == 0 => (n / 3_600_000, "h"),
            n if n % 60_000 == 0 => (n / 60_000, "m"),
            n if n % 1_000 == 0 => (n / 1_000, "s"),
            n => (n, "ms"),
        };
        write!(f, "{value}{unit}")
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
