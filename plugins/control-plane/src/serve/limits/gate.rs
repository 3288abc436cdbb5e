//! Letting in, and asking to come back.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use kt_control_api::{Problem, ProblemCode};

use super::failures::{Failures, Line, Origin};
use super::rate::Rate;
use super::tokens::Tokens;
use crate::api::Principal;
use crate::serve::auth::Door;
use crate::serve::recorder::Recorder;

/// Requests of one token each second, unless the options say otherwise.
///
/// A server was measured to answer several thousand each second on two cores, so one token alone
/// cannot take it from the others; and a token that all instances of a gateway share, or that a
/// pipeline works with, stays far below.
pub const DEFAULT_PER_SECOND: u32 = 1000;
/// Largest number that the options may say.
pub const MOST_PER_SECOND: u32 = 1_000_000;

/// One failure each six seconds, which is ten a minute, and ten at once.
const FAILURE: Duration = Duration::from_secs(6);
const FAILURES: u32 = 10;
/// Most origins of failures that are told apart: 1 MB.
const ORIGINS: usize = 10_000;

/// What a server allows. Cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::serve) struct Limits(Option<Arc<Counted>>);

#[derive(Debug)]
struct Counted {
    per_second: u32,
    tokens: Tokens,
    failures: Failures,
    /// Who writes into the trail what the log is told.
    recorder: OnceLock<Recorder>,
}

impl Limits {
    /// Allows each token so many requests a second, and twice as many at once. 0 sets no limits
    /// at all, for those who measure and those who limit in front of the server.
    pub(in crate::serve) fn new(per_second: u32) -> Self {
        if per_second == 0 {
            return Self(None);
        }
        let rate = Rate::new(Duration::from_secs(1) / per_second, 2 * per_second);
        Self(Some(Arc::new(Counted {
            per_second,
            tokens: Tokens::new(rate),
            failures: Failures::new(Rate::new(FAILURE, FAILURES), ORIGINS),
            recorder: OnceLock::new(),
        })))
    }

    /// Passes a known caller, unless the token was used too often.
    ///
    /// Only once it is known that the caller has the token, or anybody could use it up. A user of
    /// this machine, and who asks on an open path, has none.
    pub(in crate::serve) fn admit(&self, caller: &Principal) -> Result<(), Box<Problem>> {
        let Some((counted, token)) = self.0.as_ref().zip(caller.token.as_ref()) else {
            return Ok(());
        };
        counted.tokens.take(token, Instant::now()).map_err(|wait| {
            let most = counted.per_second;
            later(wait, &format!("a token may ask {most} times a second"))
        })
    }

    /// From now on, `recorder` is told what the log is told.
    pub(in crate::serve) fn record_with(&self, recorder: Recorder) {
        if let Some(counted) = &self.0 {
            drop(counted.recorder.set(recorder));
        }
    }

    /// Tells the log of failures that it does not know of yet. To be called now and then.
    pub(in crate::serve) fn tell_log(&self) {
        if let Some(counted) = &self.0 {
            counted.tell(counted.failures.late(Instant::now()));
        }
    }

    /// Says what somebody gets to hear who was not let in.
    ///
    /// This bounds noise, not guessing: with 190 random bits in a token no rate of guesses comes
    /// anywhere. So a valid token is never refused for what others at its address do, who may be
    /// everybody behind the same proxy.
    pub(in crate::serve) fn refused(&self, problem: Box<Problem>, door: Door) -> Box<Problem> {
        match (&self.0, door) {
            (Some(counted), Door::Plain(from) | Door::Tls(from))
                if problem.code == ProblemCode::Unauthenticated =>
            {
                match counted.failed(from) {
                    Ok(()) => problem,
                    Err(wait) => later(
                        wait,
                        "too many requests without a valid token came from your address",
                    ),
                }
            }
            _ => problem,
        }
    }
}

impl Counted {
    fn failed(&self, from: IpAddr) -> Result<(), Duration> {
        let (allowed, lines) = self.failures.count(Origin::of(from), Instant::now());
        self.tell(lines);
        allowed
    }

    fn tell(&self, lines: Vec<Line>) {
        for line in lines {
            let (from, failures) = (line.origin, line.failures);
            tracing::warn!(%from, failures, "requests without a valid token");
            if let Some(recorder) = self.recorder.get() {
                recorder.tell(line);
            }
        }
    }
}

/// Asks to come back.
fn later(wait: Duration, why: &str) -> Box<Problem> {
    // Whole seconds (RFC 9110, 10.2.3), and never too early.
    let seconds = u32::try_from(wait.as_nanos().div_ceil(1_000_000_000)).unwrap_or(u32::MAX);
    let detail = format!("{why}; ask again in {seconds} s");
    Box::new(Problem {
        retry_after: Some(seconds),
        ..Problem::new(ProblemCode::RateLimited, detail)
    })
}

#[cfg(test)]
mod tests {
    use super::later;
    use std::time::Duration;

    #[test]
    fn a_wait_is_told_in_whole_seconds_and_never_as_none() {
        let told = |wait| later(wait, "x").retry_after;
        assert_eq!(told(Duration::from_micros(1)), Some(1));
        assert_eq!(told(Duration::from_millis(1000)), Some(1));
        assert_eq!(told(Duration::from_millis(1001)), Some(2));
    }
}
