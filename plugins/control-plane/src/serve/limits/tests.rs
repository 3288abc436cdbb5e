//! The buckets, at times that the tests make up.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use kt_control_api::TokenId;

use super::failures::{Failures, Line, Origin};
use super::rate::Rate;
use super::tokens::Tokens;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

fn origin(address: &str) -> Origin {
    Origin::of(address.parse::<IpAddr>().unwrap())
}

/// Ten a minute, ten at once.
fn failures(most: usize) -> Failures {
    Failures::new(Rate::new(6 * SECOND, 10), most)
}

#[test]
fn a_bucket_gives_its_burst_at_once_and_then_its_rate() {
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
    // However long nobody asks, no more than the burst is saved up.
    let later = now + 3600 * SECOND;
    let taken = (0..100).filter(|_| rate.take(&mut full_at, later).is_ok());
    assert_eq!(taken.count(), 20);
}

#[test]
fn whoever_waits_as_long_as_told_is_let_in() {
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
fn each_token_has_a_bucket_of_its_own() {
    let tokens = Tokens::new(Rate::new(SECOND, 2));
    let (one, other) = (TokenId::random(), TokenId::random());
    let now = Instant::now();
    assert!((0..2).all(|_| tokens.take(&one, now).is_ok()));
    assert!(tokens.take(&one, now).is_err());
    assert!(tokens.take(&other, now).is_ok());
}

#[test]
fn tokens_that_are_not_used_any_more_leave_nothing_behind() {
    let tokens = Tokens::new(Rate::new(SECOND, 2));
    let start = Instant::now();
    for at in 0..10_000 {
        let now = start + at * SECOND;
        assert!(tokens.take(&TokenId::random(), now).is_ok());
        assert!(tokens.len() <= 64, "{} buckets", tokens.len());
    }
}

#[test]
fn an_address_fails_ten_times_and_then_ten_times_a_minute() {
    let failures = failures(100);
    let now = Instant::now();
    let fail = |address: &str, now| failures.count(origin(address), now).0;
    assert!((0..10).all(|_| fail("192.0.2.1", now).is_ok()));
    assert_eq!(fail("192.0.2.1", now), Err(6 * SECOND));
    assert!(fail("192.0.2.2", now).is_ok(), "another address");
    let later = now + MINUTE;
    let more = (0..100).filter(|_| fail("192.0.2.1", later).is_ok());
    assert_eq!(more.count(), 10);
}

#[test]
fn the_addresses_of_one_customer_count_as_one() {
    assert_eq!(origin("2001:db8::1"), origin("2001:db8::ffff:2"));
    assert_ne!(origin("2001:db8::1"), origin("2001:db8:0:1::1"));
    assert_eq!(origin("::ffff:192.0.2.1"), origin("192.0.2.1"));
    assert_ne!(origin("192.0.2.1"), origin("192.0.2.2"));
    assert_eq!(origin("2001:db8:1:2:3::4").to_string(), "2001:db8:1:2::/64");
    assert_eq!(origin("::1").to_string(), "::1");
}

#[test]
fn made_up_addresses_take_no_more_room_than_there_is() {
    let failures = failures(100);
    let now = Instant::now();
    let invented = |n: u32| Origin::of(IpAddr::from(n.to_be_bytes()));
    let allowed = (0..10_000).filter(|n| failures.count(invented(*n), now).0.is_ok());
    // A hundred that are told apart, and ten from elsewhere.
    assert_eq!(allowed.count(), 110);
    assert_eq!(failures.len(), 101);
    // Once those have been quiet, there is room again.
    let later = now + 2 * MINUTE;
    assert!(failures.count(origin("192.0.2.1"), later).0.is_ok());
    assert!(failures.len() <= 2, "{} are left", failures.len());
}

#[test]
fn the_log_tells_of_an_address_once_a_minute_and_of_every_failure() {
    let failures = failures(100);
    let from = origin("192.0.2.1");
    let start = Instant::now();
    let mut lines: Vec<Line> = Vec::new();
    let mut told = |from, now| {
        let new = failures.count(from, now).1;
        let count = new.len();
        lines.extend(new);
        count
    };
    assert_eq!(told(from, start), 1, "the first at once");
    for second in 1..60 {
        assert_eq!(told(from, start + second * SECOND), 0);
    }
    // A failure of somebody else is the occasion to tell of what is left.
    assert_eq!(told(origin("192.0.2.2"), start + 61 * SECOND), 2);
    assert_eq!(told(from, start + 62 * SECOND), 0);
    // And if there is none, of what is left in time.
    assert_eq!(failures.late(start + 63 * SECOND), []);
    lines.extend(failures.late(start + 122 * SECOND));
    let of_one = lines.iter().filter(|line| line.origin == from);
    let told: Vec<_> = of_one.map(|line| line.failures).collect();
    assert_eq!(told, [1, 59, 1]);
    assert_eq!(failures.late(start + 300 * SECOND), []);
    assert_eq!(failures.len(), 0);
}
