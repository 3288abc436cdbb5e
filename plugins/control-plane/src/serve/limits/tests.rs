//! Tests of the limiters with artificial times.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use kt_control_api::TokenId;

use super::auth_failures::{AddressPrefix, AuthFailureLimiter, AuthFailureSummary};
use super::rate::Rate;
use super::tokens::TokenLimiter;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

fn prefix(address: &str) -> AddressPrefix {
    AddressPrefix::of(address.parse::<IpAddr>().unwrap())
}

/// Ten failures per minute, and bursts of ten.
fn limiter(capacity: usize) -> AuthFailureLimiter {
    AuthFailureLimiter::new(Rate::new(6 * SECOND, 10), capacity)
}

#[test]
fn a_bucket_allows_its_burst_and_then_its_rate() {
    let rate = Rate::new(SECOND / 10, 20);
    let now = Instant::now();
    let mut full_at = now;
    assert!((0..20).all(|_| rate.take(&mut full_at, now).is_ok()));
    for _ in 0..1000 {
        assert_eq!(rate.take(&mut full_at, now), Err(SECOND / 10));
    }
    let later = now + SECOND;
    assert!((0..10).all(|_| rate.take(&mut full_at, later).is_ok()));
    assert!(rate.take(&mut full_at, later).is_err());
    // A pause of any length saves up no more than the burst.
    let later = now + 3600 * SECOND;
    let taken = (0..100).filter(|_| rate.take(&mut full_at, later).is_ok());
    assert_eq!(taken.count(), 20);
}

#[test]
fn a_request_after_the_returned_wait_is_allowed() {
    let rate = Rate::new(Duration::from_micros(333), 7);
    let mut now = Instant::now();
    let mut full_at = now;
    for _ in 0..1000 {
        if let Err(wait) = rate.take(&mut full_at, now) {
            now += wait;
            assert_eq!(rate.take(&mut full_at, now), Ok(()));
        }
    }
}

#[test]
fn each_token_has_its_own_bucket() {
    let tokens = TokenLimiter::new(Rate::new(SECOND, 2));
    let (one, other) = (TokenId::random(), TokenId::random());
    let now = Instant::now();
    assert!((0..2).all(|_| tokens.take(&one, now).is_ok()));
    assert!(tokens.take(&one, now).is_err());
    assert!(tokens.take(&other, now).is_ok());
}

#[test]
fn buckets_of_unused_tokens_are_dropped() {
    let tokens = TokenLimiter::new(Rate::new(SECOND, 2));
    let start = Instant::now();
    for at in 0..10_000 {
        let now = start + at * SECOND;
        assert!(tokens.take(&TokenId::random(), now).is_ok());
        assert!(tokens.len() <= 64, "{} buckets", tokens.len());
    }
}

#[test]
fn an_address_may_fail_ten_times_and_then_ten_times_per_minute() {
    let failures = limiter(100);
    let now = Instant::now();
    let fail = |address: &str, now| failures.count(prefix(address), now).0;
    assert!((0..10).all(|_| fail("192.0.2.1", now).is_ok()));
    assert_eq!(fail("192.0.2.1", now), Err(6 * SECOND));
    assert!(fail("192.0.2.2", now).is_ok(), "another address");
    let later = now + MINUTE;
    let more = (0..100).filter(|_| fail("192.0.2.1", later).is_ok());
    assert_eq!(more.count(), 10);
}

#[test]
fn the_addresses_of_a_prefix_share_a_bucket() {
    assert_eq!(prefix("2001:db8::1"), prefix("2001:db8::ffff:2"));
    assert_ne!(prefix("2001:db8::1"), prefix("2001:db8:0:1::1"));
    assert_eq!(prefix("::ffff:192.0.2.1"), prefix("192.0.2.1"));
    assert_ne!(prefix("192.0.2.1"), prefix("192.0.2.2"));
    assert_eq!(prefix("2001:db8:1:2:3::4").to_string(), "2001:db8:1:2::/64");
    assert_eq!(prefix("::1").to_string(), "::1");
}

#[test]
fn the_number_of_sources_is_bounded() {
    let failures = limiter(100);
    let now = Instant::now();
    let address = |n: u32| AddressPrefix::of(IpAddr::from(n.to_be_bytes()));
    let allowed = (0..10_000).filter(|n| failures.count(address(*n), now).0.is_ok());
    // One for each of a hundred sources, and ten for all others.
    assert_eq!(allowed.count(), 110);
    assert_eq!(failures.len(), 101);
    // Sources without recent failures are dropped.
    let later = now + 2 * MINUTE;
    assert!(failures.count(prefix("192.0.2.1"), later).0.is_ok());
    assert!(failures.len() <= 2, "{} sources are left", failures.len());
}

#[test]
fn every_failure_is_logged_and_an_address_at_most_once_per_minute() {
    let failures = limiter(100);
    let source = prefix("192.0.2.1");
    let start = Instant::now();
    let mut summaries: Vec<AuthFailureSummary> = Vec::new();
    let mut count_new = |source, now| {
        let new = failures.count(source, now).1;
        let count = new.len();
        summaries.extend(new);
        count
    };
    assert_eq!(count_new(source, start), 1, "the first one at once");
    for second in 1..60 {
        assert_eq!(count_new(source, start + second * SECOND), 0);
    }
    // A failure from another source triggers the summary of the rest.
    assert_eq!(count_new(prefix("192.0.2.2"), start + 61 * SECOND), 2);
    assert_eq!(count_new(source, start + 62 * SECOND), 0);
    // Without one, the periodic check does.
    assert_eq!(failures.pending(start + 63 * SECOND), []);
    summaries.extend(failures.pending(start + 122 * SECOND));
    let of_source = summaries.iter().filter(|summary| summary.source == source);
    let counts: Vec<_> = of_source.map(|summary| summary.failures).collect();
    assert_eq!(counts, [1, 59, 1]);
    assert_eq!(failures.pending(start + 300 * SECOND), []);
    assert_eq!(failures.len(), 0);
}
