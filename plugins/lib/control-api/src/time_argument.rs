//! Times on the command line: absolute ones, and ages.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kt_plugin_api::{Class, Error};

use crate::Timestamp;

/// Parses a time in RFC 3339, a date, which is its midnight in UTC, or an age before `now` such as
/// `90s`, `15m`, `1h30m` or `3d`.
///
/// # Errors
/// Class `usage` for any other text.
pub fn parse_time(text: &str, now: Timestamp) -> Result<Timestamp, Error> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    // The parser of dates ignores a time after the date.
    if text.len() == "2026-01-31".len()
        && let Some(midnight) = text.parse::<Date>().ok().and_then(midnight)
    {
        return Ok(midnight);
    }
    let age = parse_age(text).ok_or_else(|| {
        let message = format!("`{text}` is neither an age nor a time");
        Error::new(Class::Usage, "invalid-time", message).hint(
            "specify a value such as `90s`, `15m`, `2h`, `3d`, `2026-01-31`, or \
             `2026-01-31T12:00:00Z`",
        )
    })?;
    now.checked_sub(age).map_err(|_| {
        let message = format!("`{text}` is longer ago than times reach");
        Error::new(Class::Usage, "invalid-time", message)
    })
}

fn midnight(date: Date) -> Option<Timestamp> {
    let midnight = date.to_zoned(TimeZone::UTC).ok()?;
    Some(midnight.timestamp())
}

/// Parses a duration with units. jiff counts days as calendar units; here a day is 24 hours.
fn parse_age(text: &str) -> Option<Duration> {
    let (days, rest) = match text.split_once('d') {
        Some((days, rest)) => (days, rest),
        None => ("0", text),
    };
    if !days.bytes().all(|byte| byte.is_ascii_digit()) || text.is_empty() {
        return None;
    }
    let seconds = days.parse::<u64>().ok()?.checked_mul(86_400)?;
    let rest = match rest {
        "" => Duration::ZERO,
        rest if rest.starts_with(|first: char| first.is_ascii_digit()) => {
            let unit = rest.ends_with(|last: char| last.is_ascii_alphabetic());
            let rest: SignedDuration = rest.parse().ok().filter(|_| unit)?;
            rest.try_into().ok()?
        }
        _ => return None,
    };
    Duration::from_secs(seconds).checked_add(rest)
}

#[cfg(test)]
mod tests {
    use super::parse_time;
    use crate::Timestamp;

    #[test]
    fn ages_and_times_are_parsed() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        for (text, expected) in [
            ("90s", 999_910),
            ("2m", 999_880),
            ("1h", 996_400),
            ("1h30m", 994_600),
            ("2d", 827_200),
            ("1d12h", 870_400),
            ("0d", 1_000_000),
            ("1970-01-12T13:46:40Z", 1_000_000),
            ("1970-01-12T14:46:40+01:00", 1_000_000),
            ("1970-01-12", 950_400),
        ] {
            assert_eq!(
                parse_time(text, now).unwrap().as_second(),
                expected,
                "{text}"
            );
        }
        let earlier = parse_time("250ms", now).unwrap();
        assert_eq!(earlier.as_millisecond(), 999_999_750);
        for text in [
            "",
            "h",
            "d",
            "-1h",
            "-1d",
            "1d-1h",
            "yesterday",
            "5",
            "1d5",
            "99999999d",
            "99999999999d",
            "99999999999999999999d",
            "ü",
            "1970-13-12",
            "1970-01-1Z",
            "12:00",
        ] {
            assert_eq!(
                parse_time(text, now).unwrap_err().id,
                "invalid-time",
                "{text}"
            );
        }
    }
}
