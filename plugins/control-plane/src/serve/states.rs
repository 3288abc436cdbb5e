//! Stores the states of gateways when they have changed, so that lists by state are fast.

use std::time::Duration;

use super::blocking::run_blocking;
use crate::api::Api;

/// Time between two looks at the states that do not hold any more. A list reads the gateways whose
/// state changed in between whatever their state.
const INTERVAL: Duration = Duration::from_secs(1);

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
