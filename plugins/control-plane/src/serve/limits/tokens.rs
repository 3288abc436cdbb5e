//! The limit of requests per token.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use kt_control_api::TokenId;

use super::rate::Rate;

/// Number of buckets below which full ones are not searched for.
const MIN_PRUNE_AT: usize = 64;

/// The buckets of recently used tokens. Only tokens in the store have one, so their number is
/// bounded.
#[derive(Debug)]
pub(super) struct TokenLimiter {
    rate: Rate,
    buckets: Mutex<Buckets>,
}

#[derive(Debug)]
struct Buckets {
    full_at: HashMap<TokenId, Instant>,
    /// The number of buckets at which full ones are dropped: twice the number that was left the
    /// last time, which keeps the amortized work per request constant.
    prune_at: usize,
}

impl TokenLimiter {
    pub(super) fn new(rate: Rate) -> Self {
        let buckets = Buckets {
            full_at: HashMap::new(),
            prune_at: MIN_PRUNE_AT,
        };
        Self {
            rate,
            buckets: Mutex::new(buckets),
        }
    }

    /// Takes a unit from the bucket of a token, or returns how long to wait.
    pub(super) fn take(&self, token: &TokenId, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(full_at) = buckets.full_at.get_mut(token) {
            return self.rate.take(full_at, now);
        }
        buckets.prune(now);
        let full_at = buckets.full_at.entry(token.clone()).or_insert(now);
        self.rate.take(full_at, now)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.buckets.lock().unwrap().full_at.len()
    }
}

impl Buckets {
    /// Drops full buckets, which are the same as new ones.
    fn prune(&mut self, now: Instant) {
        if self.full_at.len() >= self.prune_at {
            self.full_at.retain(|_, full_at| *full_at > now);
            self.prune_at = MIN_PRUNE_AT.max(2 * self.full_at.len());
        }
    }
}
