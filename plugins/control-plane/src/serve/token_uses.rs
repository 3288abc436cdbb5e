//! When tokens were last used, collected in memory and written periodically.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kt_control_api::{Timestamp, TokenId};

use super::blocking::run_blocking;
use crate::api::{Api, Principal};
use crate::store::TokenUse;

/// Time between two writes.
const FLUSH_INTERVAL: Duration = Duration::from_mins(1);

/// The last use of each token since the last write.
#[derive(Debug, Clone, Default)]
pub(super) struct TokenUses(Arc<Mutex<HashMap<TokenId, Timestamp>>>);

impl TokenUses {
    /// Records that a caller used its token, if it has one.
    pub(super) fn record(&self, caller: &Principal) {
        let Some(token) = &caller.token else { return };
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Timestamp::now();
        match uses.get_mut(token) {
            Some(at) => *at = now,
            None => drop(uses.insert(token.clone(), now)),
        }
    }

    fn take(&self) -> Vec<TokenUse> {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = std::mem::take(&mut *uses).into_iter();
        taken.map(|(token, at)| TokenUse { token, at }).collect()
    }

    /// Writes the collected uses. After an error they are discarded: the next use replaces them.
    pub(super) async fn flush(&self, api: &Api) {
        let uses = self.take();
        if uses.is_empty() {
            return;
        }
        let api = api.clone();
        // A panic was logged where it was caught.
        if let Ok(Err(problem)) = run_blocking(move || api.record_token_uses(uses)).await {
            tracing::debug!(error = problem.detail, "uses of tokens were not recorded");
        }
    }

    /// Writes periodically until it is dropped.
    pub(super) async fn flush_periodically(self, api: Api) {
        loop {
            tokio::time::sleep(FLUSH_INTERVAL).await;
            self.flush(&api).await;
        }
    }
}
