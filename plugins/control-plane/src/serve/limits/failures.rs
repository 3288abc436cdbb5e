//! A bucket for each address from which requests without a valid token come.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::rate::Rate;

/// How often a line of the log may tell of the same address.
const LINE: Duration = Duration::from_mins(1);
/// How often all addresses may be looked at to find room for another one.
const TIDY: Duration = Duration::from_secs(1);

/// From where somebody comes: an address, or the part of it that is given to one customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::serve) enum Origin {
    /// An IPv4 address.
    Host(IpAddr),
    /// The first 64 bits of an IPv6 address: the others are the holder's to choose.
    Network(u64),
    /// Anywhere else, once there are too many to tell apart.
    Elsewhere,
}

impl Origin {
    /// Where an address belongs.
    pub(in crate::serve) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) if !address.is_loopback() => {
                let [a, b, c, d, ..] = address.segments();
                let parts = [a, b, c, d].map(u64::from);
                Self::Network(parts.into_iter().fold(0, |bits, part| bits << 16 | part))
            }
            address => Self::Host(address),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(address) => write!(f, "{address}"),
            Self::Network(bits) => {
                write!(f, "{}/64", Ipv6Addr::from_bits(u128::from(*bits) << 64))
            }
            Self::Elsewhere => f.write_str("other addresses"),
        }
    }
}

/// What is to be written into the log.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::serve) struct Line {
    pub(in crate::serve) origin: Origin,
    /// How many requests there were since the last line.
    pub(in crate::serve) failures: u32,
}

/// Origins of failures, never more than `most` and one.
#[derive(Debug)]
pub(super) struct Failures {
    rate: Rate,
    most: usize,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    origins: HashMap<Origin, Seen>,
    tidied: Option<Instant>,
}

#[derive(Debug)]
struct Seen {
    full_at: Instant,
    /// When the log told of it last.
    told_at: Option<Instant>,
    /// Failures of which it has not told yet.
    untold: u32,
}

impl Failures {
    pub(super) fn new(rate: Rate, most: usize) -> Self {
        Self {
            rate,
            most,
            known: Mutex::default(),
        }
    }

    /// Counts a failure: takes one from the bucket or says how long to wait. Also returns what
    /// the log is to be told.
    pub(super) fn count(&self, from: Origin, now: Instant) -> (Result<(), Duration>, Vec<Line>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let full = !known.origins.contains_key(&from) && known.origins.len() >= self.most;
        let mut lines = Vec::new();
        if known.is_untidy(if full { TIDY } else { LINE }, now) {
            known.tidy(now, &mut lines);
        }
        let room = !full || known.origins.len() < self.most;
        let origin = if room { from } else { Origin::Elsewhere };
        let seen = known.origins.entry(origin).or_insert(Seen {
            full_at: now,
            told_at: None,
            untold: 0,
        });
        seen.untold = seen.untold.saturating_add(1);
        lines.extend(seen.tell(origin, now));
        (self.rate.take(&mut seen.full_at, now), lines)
    }

    /// Returns what the log is to be told although nothing fails any more.
    pub(super) fn late(&self, now: Instant) -> Vec<Line> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = Vec::new();
        if !known.origins.is_empty() && known.is_untidy(LINE, now) {
            known.tidy(now, &mut lines);
        }
        lines
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.known.lock().unwrap().origins.len()
    }
}

impl Known {
    fn is_untidy(&self, after: Duration, now: Instant) -> bool {
        self.tidied.is_none_or(|at| now.duration_since(at) >= after)
    }

    /// Drops full buckets, but for those of which the log has yet to tell.
    fn tidy(&mut self, now: Instant, lines: &mut Vec<Line>) {
        self.tidied = Some(now);
        self.origins.retain(|origin, seen| {
            lines.extend(seen.tell(*origin, now));
            seen.full_at > now || seen.untold > 0
        });
    }
}

impl Seen {
    /// The line that is due, if one is.
    fn tell(&mut self, origin: Origin, now: Instant) -> Option<Line> {
        let waits = self.told_at.is_some_and(|at| now.duration_since(at) < LINE);
        if waits || self.untold == 0 {
            return None;
        }
        self.told_at = Some(now);
        let failures = std::mem::take(&mut self.untold);
        Some(Line { origin, failures })
    }
}
