//! Stores the states of gateways when they have changed, so that lists by state are fast.

use std::time::Duration;

use super::blocking::run_blocking;
use crate::api::Api;

/// Time between two looks at the states that do not hold any more. A list reads the gateways whose
/// state changed in between whatever their state. Shorter ones keep idle threads alive: each look
/// takes the one that has been idle longest, and a thread ends after ten seconds.
const INTERVAL: Duration = Duration::from_secs(5);

/// Stores states periodically until it is dropped.
pub(super) async fn settle_periodically(api: Api) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        let api = api.clone();
        // A panic was logged where it was caught.
        if let Ok(Err(problem)) = run_blocking(move || api.settle_states()).await {
            tracing::debug!(error = problem.detail, "states of gateways were not stored");
        }
    }
}
