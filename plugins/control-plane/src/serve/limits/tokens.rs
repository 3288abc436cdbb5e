//! A bucket for each token.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use kt_control_api::TokenId;

use super::rate::Rate;

/// Below so many buckets none is looked at to be dropped.
const FEW: usize = 64;

/// Buckets of tokens that were used just now. Only a token that the store knows has one, so there
/// are never more than it has.
#[derive(Debug)]
pub(super) struct Tokens {
    rate: Rate,
    buckets: Mutex<Buckets>,
}

#[derive(Debug)]
struct Buckets {
    full_at: HashMap<TokenId, Instant>,
    /// How many there must be for the full ones to be dropped. Twice as many as were left the
    /// last time, so that the work for each request is constant.
    crowded: usize,
}

impl Tokens {
    pub(super) fn new(rate: Rate) -> Self {
        let buckets = Buckets {
            full_at: HashMap::new(),
            crowded: FEW,
        };
        Self {
            rate,
            buckets: Mutex::new(buckets),
        }
    }

    /// Takes one from a token's bucket, or says how long to wait.
    pub(super) fn take(&self, token: &TokenId, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(full_at) = buckets.full_at.get_mut(token) {
            return self.rate.take(full_at, now);
        }
        buckets.make_room(now);
        let full_at = buckets.full_at.entry(token.clone()).or_insert(now);
        self.rate.take(full_at, now)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.buckets.lock().unwrap().full_at.len()
    }
}

impl Buckets {
    /// Drops full buckets: a new one is as full.
    fn make_room(&mut self, now: Instant) {
        if self.full_at.len() >= self.crowded {
            self.full_at.retain(|_, full_at| *full_at > now);
            self.crowded = FEW.max(2 * self.full_at.len());
        }
    }
}
