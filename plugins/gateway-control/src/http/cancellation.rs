//! Waiting that ends when the call is cancelled.

use kt_control_api::{Response, TransportError};
use kt_plugin_api::{Cancel, Class, Context, Error};
use std::future::Future;
use std::time::{Duration, Instant};

/// How often cancellation is checked: too short for the user to notice the delay.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Waits for a response until the call is cancelled or its deadline expires. `is_safe` is whether
/// the request changes nothing.
///
/// # Errors
/// The error of the request, or that of the cancellation.
pub(super) async fn cancellable(
    request: impl Future<Output = Result<Response, TransportError>>,
    is_safe: bool,
    context: &Context<'_>,
) -> Result<Response, Error> {
    let mut request = std::pin::pin!(request);
    loop {
        if let Ok(result) = tokio::time::timeout(POLL_INTERVAL, &mut request).await {
            return result.map_err(Error::from);
        }
        if context.cancelled() == Some(Cancel::Deadline) {
            // The effect of any other request is unknown.
            let class = if is_safe {
                Class::Unavailable
            } else {
                Class::UnknownEffect
            };
            let message = "timed out waiting for the control plane";
            return Err(Error::new(class, "timeout", message));
        }
        context.check_cancelled()?;
    }
}

/// Sleeps.
///
/// # Errors
/// If the call is cancelled.
pub(super) async fn sleep(duration: Duration, context: &Context<'_>) -> Result<(), Error> {
    let end = Instant::now() + duration;
    while Instant::now() < end {
        context.check_cancelled()?;
        let remaining = end.saturating_duration_since(Instant::now());
        tokio::time::sleep(POLL_INTERVAL.min(remaining)).await;
    }
    Ok(())
}
