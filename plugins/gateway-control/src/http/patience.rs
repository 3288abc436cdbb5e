//! Asking again when a server says that it is too early.

use super::provider::TICK;
use kt_control_api::{Envelope, Method, Request, Response, random_duration};
use kt_plugin_api::{Context, Error};
use std::time::{Duration, Instant};

/// How long a call without a time limit waits in all.
const LIMIT: Duration = Duration::from_secs(30);
/// At most so much longer than asked, so that those who were told the same do not come back at
/// once.
const SPREAD: Duration = Duration::from_millis(500);

/// Asks, and asks again each time the server wants it later, as long as there is time for it.
/// The last answer is the caller's, who is told by it how long the server wants to be left alone.
///
/// # Errors
/// When there is no answer, or the call was cancelled.
pub(super) async fn ask(
    envelope: &Envelope,
    context: &Context<'_>,
    attempt: impl AsyncFn() -> Result<Response, Error>,
) -> Result<Response, Error> {
    let end = Instant::now() + context.remaining().unwrap_or(LIMIT);
    loop {
        let response = attempt().await?;
        let Some(pause) = pause(envelope, &response) else {
            return Ok(response);
        };
        if Instant::now() + pause > end {
            return Ok(response);
        }
        tracing::info!(?pause, "the control plane asks to wait");
        rest(pause, context).await?;
    }
}

/// How long to wait before the same request may be sent again, if it may.
fn pause(envelope: &Envelope, response: &Response) -> Option<Duration> {
    let seconds = response.retry_delay_seconds()?.max(1);
    let repeat =
        may_repeat(&envelope.request, response) && !envelope.connection.handles_retry_after;
    repeat.then(|| Duration::from_secs(seconds.into()) + random_duration(SPREAD))
}

/// Whether sending it again does no harm. Whoever is asked too often has done nothing (429).
fn may_repeat(request: &Request, response: &Response) -> bool {
    request.method == Method::Get
        || request.headers.contains_key("idempotency-key")
        || response.status == 429
}

async fn rest(pause: Duration, context: &Context<'_>) -> Result<(), Error> {
    let end = Instant::now() + pause;
    while Instant::now() < end {
        context.check_cancelled()?;
        tokio::time::sleep(TICK.min(end.saturating_duration_since(Instant::now()))).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::pause;
    use kt_control_api::{ConnectOptions, Envelope, Method, Request, Response};
    use std::collections::BTreeMap;
    use std::time::Duration;

    fn told(request: Request, status: u16, handles_retry_after: bool) -> Option<Duration> {
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
        pause(&envelope, &response)
    }

    #[test]
    fn what_may_be_repeated_is_repeated_no_earlier_than_asked() {
        let get = Request::new(Method::Get, "/v1/gateways");
        let post = Request::new(Method::Post, "/v1/gateways");
        let keyed = post.clone().with_header("idempotency-key", "k");
        for (request, status) in [(&get, 429), (&get, 503), (&keyed, 503), (&post, 429)] {
            let pause = told(request.clone(), status, false).expect("it may be repeated");
            let least = Duration::from_secs(3);
            assert!((least..least + Duration::from_secs(1)).contains(&pause));
        }
        assert_eq!(told(post, 503, false), None, "it may have taken effect");
        assert_eq!(told(get.clone(), 200, false), None);
        assert_eq!(told(get, 429, true), None, "the caller waits by itself");
    }
}
