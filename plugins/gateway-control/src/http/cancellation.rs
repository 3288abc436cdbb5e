//! Waiting that ends when the call is cancelled.

use kt_cancellation::Cancellation;
use kt_control_api::{Response, TransportError};
use kt_plugin_api::{Cancel, Class, Context, Error};
use std::future::Future;
use std::time::Duration;

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
    let cancellation = Cancellation::of(context);
    tokio::select! {
        biased;
        result = request => return result.map_err(Error::from),
        _ = cancellation.wait() => {}
    }
    if let Some(Cancel::Interrupt | Cancel::Terminate) = context.cancelled() {
        let cancelled = context.check_cancelled();
        return Err(match cancelled.err() {
            Some(error) if is_safe => error,
            Some(error) => error
                .cause(
                    "the request was sent, and its response has not arrived: its effect is unknown",
                )
                .hint("`kt audit list` shows whether it was executed"),
            None => Error::internal("the call is not cancelled"),
        });
    }
    // The effect of any other request is unknown.
    let class = if is_safe {
        Class::Unavailable
    } else {
        Class::UnknownEffect
    };
    let message = "timed out waiting for the control plane";
    Err(Error::new(class, "timeout", message))
}

/// Sleeps.
///
/// # Errors
/// If the call is cancelled.
pub(super) async fn sleep(duration: Duration, context: &Context<'_>) -> Result<(), Error> {
    let cancellation = Cancellation::of(context);
    tokio::select! {
        () = tokio::time::sleep(duration) => Ok(()),
        _ = cancellation.wait() => context.check_cancelled(),
    }
}
