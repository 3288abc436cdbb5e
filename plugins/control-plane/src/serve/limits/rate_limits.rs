//! The rate limits of a server.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use kt_control_api::{Problem, ProblemCode};

use super::auth_failures::{AddressPrefix, AuthFailureLimiter, AuthFailureSummary};
use super::rate::Rate;
use super::tokens::TokenLimiter;
use crate::api::{ApiError, Principal};
use crate::serve::peer::PeerOrigin;

/// Largest value of the option.
pub const MAX_REQUESTS_PER_SECOND: u32 = 1_000_000;

/// One failed authentication per six seconds, and bursts of ten.
const FAILURE_INTERVAL: Duration = Duration::from_secs(6);
const FAILURE_BURST: u32 = 10;
/// Largest number of sources of failures that are counted separately; they take 1 MB.
const MAX_FAILURE_SOURCES: usize = 10_000;

/// The rate limits of a server. Cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::serve) struct RateLimits(Option<Arc<Limiters>>);

struct Limiters {
    per_second: u32,
    tokens: TokenLimiter,
    failures: AuthFailureLimiter,
    /// Called with every summary that is logged.
    on_auth_failures: OnceLock<Box<dyn Fn(AuthFailureSummary) + Send + Sync>>,
}

impl RateLimits {
    /// Allows this many requests per token and second, and bursts of twice as many. 0 disables all
    /// limits, for benchmarks and for servers behind a proxy that limits.
    pub(in crate::serve) fn new(per_second: u32) -> Self {
        if per_second == 0 {
            return Self(None);
        }
        let rate = Rate::new(Duration::from_secs(1) / per_second, 2 * per_second);
        let failure_rate = Rate::new(FAILURE_INTERVAL, FAILURE_BURST);
        Self(Some(Arc::new(Limiters {
            per_second,
            tokens: TokenLimiter::new(rate),
            failures: AuthFailureLimiter::new(failure_rate, MAX_FAILURE_SOURCES),
            on_auth_failures: OnceLock::new(),
        })))
    }

    /// Fails when the token of an authenticated caller is over its limit.
    ///
    /// Authentication comes first, or anyone could use up the limit of a token. Users of this
    /// machine, and callers of public paths, have no token.
    pub(in crate::serve) fn check(&self, caller: &Principal) -> Result<(), ApiError> {
        let Some((limiters, token)) = self.0.as_ref().zip(caller.token.as_ref()) else {
            return Ok(());
        };
        limiters.tokens.take(token, Instant::now()).map_err(|wait| {
            let limit = limiters.per_second;
            rate_limited(
                wait,
                &format!("the limit is {limit} requests per token and second"),
            )
        })
    }

    /// Sets the function that is called with every summary that is logged.
    pub(in crate::serve) fn on_auth_failures(
        &self,
        callback: impl Fn(AuthFailureSummary) + Send + Sync + 'static,
    ) {
        if let Some(limiters) = &self.0 {
            drop(limiters.on_auth_failures.set(Box::new(callback)));
        }
    }

    /// Logs failures that are due. Must be called periodically.
    pub(in crate::serve) fn log_pending(&self) {
        if let Some(limiters) = &self.0 {
            limiters.log(limiters.failures.pending(Instant::now()));
        }
    }

    /// Counts a failed authentication, and returns the error to send: the problem, or that the
    /// address is over its limit.
    ///
    /// The limit bounds load and log, not guessing: with 190 random bits in a token, no rate of
    /// guesses matters. So valid tokens are accepted from an address over its limit, which may be
    /// that of a proxy.
    pub(in crate::serve) fn authentication_failed(
        &self,
        problem: ApiError,
        origin: PeerOrigin,
    ) -> ApiError {
        match (&self.0, origin) {
            (Some(limiters), PeerOrigin::Tcp(address) | PeerOrigin::Tls(address))
                if problem.code == ProblemCode::Unauthenticated =>
            {
                match limiters.count_failure(address) {
                    Ok(()) => problem,
                    Err(wait) => rate_limited(
                        wait,
                        "too many requests without a valid token from this address",
                    ),
                }
            }
            _ => problem,
        }
    }
}

impl Limiters {
    fn count_failure(&self, address: IpAddr) -> Result<(), Duration> {
        let source = AddressPrefix::of(address);
        let (allowed, summaries) = self.failures.count(source, Instant::now());
        self.log(summaries);
        allowed
    }

    fn log(&self, summaries: Vec<AuthFailureSummary>) {
        for summary in summaries {
            let (source, failures) = (summary.source, summary.failures);
            tracing::warn!(%source, failures, "requests without a valid token");
            if let Some(callback) = self.on_auth_failures.get() {
                callback(summary);
            }
        }
    }
}

impl fmt::Debug for Limiters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiters")
            .field("per_second", &self.per_second)
            .finish_non_exhaustive()
    }
}

/// Returns the error for a limit that is exceeded for `wait`.
fn rate_limited(wait: Duration, reason: &str) -> ApiError {
    // Whole seconds (RFC 9110, 10.2.3), rounded up.
    let seconds = u32::try_from(wait.as_nanos().div_ceil(1_000_000_000)).unwrap_or(u32::MAX);
    let detail = format!("{reason}; retry in {seconds} s");
    Box::new(Problem {
        retry_after: Some(seconds),
        ..Problem::new(ProblemCode::RateLimited, detail)
    })
}

#[cfg(test)]
mod tests {
    use super::rate_limited;
    use std::time::Duration;

    #[test]
    fn the_wait_is_rounded_up_to_whole_seconds() {
        let seconds = |wait| rate_limited(wait, "x").retry_after;
        assert_eq!(seconds(Duration::from_micros(1)), Some(1));
        assert_eq!(seconds(Duration::from_millis(1000)), Some(1));
        assert_eq!(seconds(Duration::from_millis(1001)), Some(2));
    }
}
