//! Retries when the server asks for them with `Retry-After`.

use super::cancellation::sleep;
use kt_control_api::{Envelope, Method, Request, Response, random_duration};
use kt_plugin_api::{Context, Error};
use std::time::{Duration, Instant};

/// The total time of a call without a deadline.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(30);
/// The maximum jitter, so that clients with the same `Retry-After` do not retry at the same time.
const MAX_JITTER: Duration = Duration::from_millis(500);

/// Sends a request, and retries it as long as the server asks for a retry and there is time left.
/// The caller gets the last response, with its `Retry-After`.
///
/// # Errors
/// If there is no response, or the call is cancelled.
pub(super) async fn with_retries(
    envelope: &Envelope,
    context: &Context<'_>,
    send: impl AsyncFn() -> Result<Response, Error>,
) -> Result<Response, Error> {
    let end = Instant::now() + context.remaining().unwrap_or(DEFAULT_DEADLINE);
    loop {
        let response = send().await?;
        let Some(delay) = retry_delay(envelope, &response) else {
            return Ok(response);
        };
        if Instant::now() + delay > end {
            return Ok(response);
        }
        tracing::info!(?delay, "the control plane requested a retry");
        sleep(delay, context).await?;
    }
}

/// Returns the delay before the request may be sent again, if it may.
fn retry_delay(envelope: &Envelope, response: &Response) -> Option<Duration> {
    let seconds = response.retry_delay_seconds()?.max(1);
    let retry =
        is_retryable(&envelope.request, response) && !envelope.connection.handles_retry_after;
    retry.then(|| Duration::from_secs(seconds.into()) + random_duration(MAX_JITTER))
}

/// Whether a second execution does no harm. A server that returns 429 has not executed the request.
fn is_retryable(request: &Request, response: &Response) -> bool {
    request.method == Method::Get
        || request.headers.contains_key("idempotency-key")
        || response.status == 429
}

#[cfg(test)]
mod tests {
    use super::retry_delay;
    use kt_control_api::{ConnectOptions, Envelope, Method, Request, Response};
    use std::collections::BTreeMap;
    use std::time::Duration;

    fn delay(request: Request, status: u16, handles_retry_after: bool) -> Option<Duration> {
        let connection = ConnectOptions {
            handles_retry_after,
            ..ConnectOptions::default()
        };
        let envelope = Envelope {
            connection,
            request,
        };
        let headers = BTreeMap::from([("retry-after".to_owned(), "3".to_owned())]);
        let response = Response {
            status,
            headers,
            body: None,
        };
        retry_delay(&envelope, &response)
    }

    #[test]
    fn a_retryable_request_is_retried_no_earlier_than_requested() {
        let get = Request::new(Method::Get, "/v1/gateways");
        let post = Request::new(Method::Post, "/v1/gateways");
        let keyed = post.clone().with_header("idempotency-key", "k");
        for (request, status) in [(&get, 429), (&get, 503), (&keyed, 503), (&post, 429)] {
            let delay = delay(request.clone(), status, false).expect("it is retryable");
            let min = Duration::from_secs(3);
            assert!((min..min + Duration::from_secs(1)).contains(&delay));
        }
        assert_eq!(delay(post, 503, false), None, "it may have taken effect");
        assert_eq!(delay(get.clone(), 200, false), None);
        assert_eq!(delay(get, 429, true), None, "the caller retries by itself");
    }
}
