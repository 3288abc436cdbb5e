//! When tokens were last used, gathered in memory and written now and then.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kt_control_api::{Timestamp, TokenId};

use super::connection::off_loop;
use crate::api::{Api, Principal};
use crate::store::TokenUse;

/// How often they are written.
const PERIOD: Duration = Duration::from_mins(1);

/// The last use of each token since they were written.
#[derive(Debug, Clone, Default)]
pub(super) struct Uses(Arc<Mutex<HashMap<TokenId, Timestamp>>>);

impl Uses {
    /// Notes that a caller was let in, with a token if it has one.
    pub(super) fn add(&self, caller: &Principal) {
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

    /// Writes what has gathered. What cannot be written is given up: the next use is as good.
    pub(super) async fn write(&self, api: &Api) {
        let uses = self.take();
        if uses.is_empty() {
            return;
        }
        let api = api.clone();
        // A bug was logged where it was caught.
        if let Ok(Err(problem)) = off_loop(move || api.used(uses)).await {
            tracing::debug!(why = problem.detail, "uses of tokens are forgotten");
        }
    }

    /// Writes now and then until it is dropped.
    pub(super) async fn follow(self, api: Api) {
        loop {
            tokio::time::sleep(PERIOD).await;
            self.write(&api).await;
        }
    }
}
