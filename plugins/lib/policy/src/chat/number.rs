//! Numbers of JSON that are written in another way than as digits.

/// Most digits of a number that is data: the longest identifiers have 19.
const MOST_DIGITS: usize = 24;

/// Returns the digits of a whole number that is written with a point or an exponent, such as
/// `4111111111111111e0` or `4.111111111111111e15`; `None` for any other.
pub(super) fn integer_of(number: &str) -> Option<String> {
    let unsigned = number.strip_prefix('-').unwrap_or(number);
    if !unsigned.contains(['.', 'e', 'E']) {
        return None;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let point = i32::try_from(whole.len()).ok()?.checked_add(exponent)?;
    let point = usize::try_from(point)
        .ok()
        .filter(|point| *point <= MOST_DIGITS)?;
    let (integer, rest) = digits.split_at(point.min(digits.len()));
    if !rest.bytes().all(|digit| digit == b'0') {
        return None;
    }
    let zeros = "0".repeat(point.saturating_sub(digits.len()));
    let integer = format!("{integer}{zeros}");
    Some(integer.trim_start_matches('0').to_owned()).filter(|integer| !integer.is_empty())
}

#[cfg(test)]
mod tests {
    use super::integer_of;

    #[test]
    fn whole_numbers_have_their_digits() {
        for number in [
            "4111111111111111e0",
            "4.111111111111111e15",
            "0.4111111111111111E+16",
            "-4111111111111111.0",
            "41111111111111110e-1",
        ] {
            assert_eq!(
                integer_of(number).as_deref(),
                Some("4111111111111111"),
                "{number}"
            );
        }
        for number in [
            "4111111111111111",
            "0.7000000000000001",
            "1e400",
            "1e-9",
            "0.0",
            "1e99999999999",
        ] {
            assert_eq!(integer_of(number), None, "{number}");
        }
    }
}
