//! The value of `--since`.

use jiff::Timestamp;
use kt_plugin_api::{Class, Error};

/// Parses a time in RFC 3339, or a duration before `now` such as `90s`, `15m`, `2h` or
/// `3d`, into Unix seconds.
///
/// # Errors
/// Class `usage` for any other text.
pub(crate) fn parse_since(text: &str, now: Timestamp) -> Result<i64, Error> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.as_second());
    }
    let invalid = || {
        let message = format!("`{text}` is neither a duration nor a time");
        Error::new(Class::Usage, "invalid-time", message)
            .hint("specify a value such as `90s`, `15m`, `2h`, `3d`, or `2026-01-31T12:00:00Z`")
    };
    let unit = text.chars().next_back().ok_or_else(invalid)?;
    let seconds: i64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(invalid()),
    };
    let number = text.strip_suffix(unit).and_then(|n| n.parse::<u32>().ok());
    let number = number.map(i64::from).ok_or_else(invalid)?;
    Ok(now.as_second().saturating_sub(number * seconds))
}

#[cfg(test)]
mod tests {
    use super::parse_since;
    use jiff::Timestamp;

    #[test]
    fn durations_and_times_are_parsed() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        for (text, expected) in [
            ("90s", 999_910),
            ("2m", 999_880),
            ("1h", 996_400),
            ("2d", 827_200),
            ("1970-01-12T13:46:40Z", 1_000_000),
            ("1970-01-12T14:46:40+01:00", 1_000_000),
        ] {
            assert_eq!(parse_since(text, now).unwrap(), expected, "{text}");
        }
        for text in [
            "",
            "h",
            "-1h",
            "1.5h",
            "yesterday",
            "5",
            "99999999999d",
            "ü",
        ] {
            assert_eq!(
                parse_since(text, now).unwrap_err().id,
                "invalid-time",
                "{text}"
            );
        }
    }
}
