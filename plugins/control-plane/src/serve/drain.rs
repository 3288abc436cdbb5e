//! The signal to finish requests and close connections.

use tokio::sync::watch;

/// Waits until the server drains. The guard that the channel returns must not be held afterwards.
pub(super) async fn drain_started(drain: &mut watch::Receiver<bool>) {
    drop(drain.wait_for(|draining| *draining).await);
}
