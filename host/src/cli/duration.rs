//! Durations such as `90s`, `1h30m`, `2d`; a number without a unit is invalid.

use std::time::Duration;

/// Parses a duration to milliseconds.
///
/// # Errors
/// A message for the user.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let hint = "expected a number with a unit, such as 500ms, 90s, 1h30m or 2d";
    if text.chars().all(|c| c.is_ascii_digit()) {
        return Err(hint.to_owned());
    }
    // jiff counts days as calendar units; here a day is 24 hours.
    let (days, rest) = match text.split_once('d') {
        Some((days, rest)) if days.chars().all(|c| c.is_ascii_digit()) && !days.is_empty() => {
            (days.parse::<u64>().map_err(|_| hint.to_owned())?, rest)
        }
        _ => (0, text),
    };
    let rest = if rest.is_empty() {
        Duration::ZERO
    } else {
        let signed: jiff::SignedDuration = rest.parse().map_err(|_| hint.to_owned())?;
        Duration::try_from(signed).map_err(|_| "a duration cannot be negative".to_owned())?
    };
    days.checked_mul(86_400_000)
        .and_then(|ms| ms.checked_add(u64::try_from(rest.as_millis()).ok()?))
        .ok_or_else(|| "the duration is too long".to_owned())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_unit_is_required() {
        assert_eq!(parse("90s"), Ok(90_000));
        assert_eq!(parse("1h30m"), Ok(5_400_000));
        assert_eq!(parse("2d"), Ok(172_800_000));
        assert_eq!(parse("1d12h"), Ok(129_600_000));
        assert_eq!(parse("250ms"), Ok(250));
        for bad in ["", "30", "-5s", "5 parsecs", "d", "99999999999999999999d"] {
            assert!(parse(bad).is_err(), "{bad:?} was accepted");
        }
    }
}
