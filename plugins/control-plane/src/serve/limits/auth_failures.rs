//! The limit of requests without a valid token, per address.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::rate::Rate;

/// Shortest time between two log lines about the same address.
const LOG_INTERVAL: Duration = Duration::from_mins(1);
/// Shortest time between two searches for addresses to drop when the table is full.
const PRUNE_INTERVAL: Duration = Duration::from_secs(1);

/// The source of requests: an address, or the prefix that is assigned to one customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::serve) enum AddressPrefix {
    /// An IPv4 address.
    Host(IpAddr),
    /// The first 64 bits of an IPv6 address; the holder chooses the other ones.
    Network(u64),
    /// Any address that the full table has no entry for.
    Other,
}

impl AddressPrefix {
    /// Returns the prefix of an address.
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

impl fmt::Display for AddressPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(address) => write!(f, "{address}"),
            Self::Network(bits) => {
                write!(f, "{}/64", Ipv6Addr::from_bits(u128::from(*bits) << 64))
            }
            Self::Other => f.write_str("other addresses"),
        }
    }
}

/// Failed authentications from one source, to be logged.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::serve) struct AuthFailureSummary {
    pub(in crate::serve) source: AddressPrefix,
    /// Number of requests since the last summary.
    pub(in crate::serve) failures: u32,
}

/// The sources of failures: at most `capacity`, and one for all others.
#[derive(Debug)]
pub(super) struct AuthFailureLimiter {
    rate: Rate,
    capacity: usize,
    table: Mutex<SourceTable>,
}

#[derive(Debug, Default)]
struct SourceTable {
    sources: HashMap<AddressPrefix, SourceState>,
    pruned_at: Option<Instant>,
}

#[derive(Debug)]
struct SourceState {
    full_at: Instant,
    /// When it was last logged.
    logged_at: Option<Instant>,
    /// Number of failures that are not logged yet.
    unlogged: u32,
}

impl AuthFailureLimiter {
    pub(super) fn new(rate: Rate, capacity: usize) -> Self {
        Self {
            rate,
            capacity,
            table: Mutex::default(),
        }
    }

    /// Counts a failure: takes a unit from the bucket of its source, or returns how long to wait.
    /// Also returns the summaries that are due.
    pub(super) fn count(
        &self,
        source: AddressPrefix,
        now: Instant,
    ) -> (Result<(), Duration>, Vec<AuthFailureSummary>) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let full = !table.sources.contains_key(&source) && table.sources.len() >= self.capacity;
        let mut summaries = Vec::new();
        let interval = if full { PRUNE_INTERVAL } else { LOG_INTERVAL };
        if table.is_prune_due(interval, now) {
            table.prune(now, &mut summaries);
        }
        let room = !full || table.sources.len() < self.capacity;
        let source = if room { source } else { AddressPrefix::Other };
        let state = table.sources.entry(source).or_insert(SourceState {
            full_at: now,
            logged_at: None,
            unlogged: 0,
        });
        state.unlogged = state.unlogged.saturating_add(1);
        summaries.extend(state.summarize(source, now));
        (self.rate.take(&mut state.full_at, now), summaries)
    }

    /// Returns the summaries that are due without a new failure.
    pub(super) fn pending(&self, now: Instant) -> Vec<AuthFailureSummary> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let mut summaries = Vec::new();
        if !table.sources.is_empty() && table.is_prune_due(LOG_INTERVAL, now) {
            table.prune(now, &mut summaries);
        }
        summaries
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.table.lock().unwrap().sources.len()
    }
}

impl SourceTable {
    fn is_prune_due(&self, interval: Duration, now: Instant) -> bool {
        self.pruned_at
            .is_none_or(|at| now.duration_since(at) >= interval)
    }

    /// Drops full buckets, except those with failures that are not logged yet.
    fn prune(&mut self, now: Instant, summaries: &mut Vec<AuthFailureSummary>) {
        self.pruned_at = Some(now);
        self.sources.retain(|source, state| {
            summaries.extend(state.summarize(*source, now));
            state.full_at > now || state.unlogged > 0
        });
    }
}

impl SourceState {
    /// Returns the summary if it is due.
    fn summarize(&mut self, source: AddressPrefix, now: Instant) -> Option<AuthFailureSummary> {
        let logged_recently = self
            .logged_at
            .is_some_and(|at| now.duration_since(at) < LOG_INTERVAL);
        if logged_recently || self.unlogged == 0 {
            return None;
        }
        self.logged_at = Some(now);
        let failures = std::mem::take(&mut self.unlogged);
        Some(AuthFailureSummary { source, failures })
    }
}
