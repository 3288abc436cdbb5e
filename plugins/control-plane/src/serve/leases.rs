//! Stores leases that were renewed, together.

use std::time::Duration;

use super::blocking::run_blocking;
use crate::api::Api;

/// Time between two writes, and so how long the time of the last report may lag behind. A renewal is
/// stored later only while several times this are left of the stored lease.
const INTERVAL: Duration = Duration::from_secs(1);

/// Stores renewed leases periodically until it is dropped.
pub(super) async fn store_leases_periodically(api: Api) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        store_leases(&api).await;
    }
}

/// Stores the leases that were renewed since the last time.
pub(super) async fn store_leases(api: &Api) {
    if !api.has_renewed_leases() {
        return;
    }
    let api = api.clone();
    // A panic was logged where it was caught.
    if let Ok(Err(problem)) = run_blocking(move || api.store_renewed_leases()).await {
        tracing::warn!(error = problem.detail, "renewed leases were not stored yet");
    }
}
