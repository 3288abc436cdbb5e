//! Dates in identifiers.

use super::checksum::number;

/// Whether six digits are a date as `YYMMDD`.
pub(super) fn ymd(digits: &[u8]) -> bool {
    is_day(number(&digits[2..4]), number(&digits[4..6]))
}

/// Whether six digits are a date as `DDMMYY`.
pub(super) fn dmy(digits: &[u8]) -> bool {
    is_day(number(&digits[2..4]), number(&digits[0..2]))
}

/// Whether a month has a day with this number.
pub(super) fn is_day(month: u64, day: u64) -> bool {
    let days = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// Whether four digits are a year in which a living person may have been born.
pub(super) fn is_year(digits: &[u8]) -> bool {
    (1880..=2099).contains(&number(digits))
}
