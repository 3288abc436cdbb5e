//! The plans of countries: which numbers can exist behind a country code.
//!
//! `plan.tsv` is generated from the metadata of libphonenumber by `plan.py`. Each row has a country
//! code, lengths of national numbers, and the first two digits that numbers of these lengths have.

use std::sync::LazyLock;

const TABLE: &str = include_str!("plan.tsv");

/// Numbers of some lengths behind a country code.
struct Row {
    code: u16,
    /// A bit for each length.
    lengths: u32,
    /// A bit for each pair of first digits.
    first: u128,
}

/// The rows, sorted by country code.
static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(row).collect()
});

fn row(line: &str) -> Option<Row> {
    let mut columns = line.split('\t');
    let mut next = || columns.next();
    Some(Row {
        code: next()?.parse().ok()?,
        lengths: bits(next()?).try_into().ok()?,
        first: bits(next()?),
    })
}

/// Numbers and ranges with commas between, as bits.
fn bits(list: &str) -> u128 {
    let ranges = list.split(',').filter_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(first.parse::<u32>().ok()?..=last.parse::<u32>().ok()?)
    });
    ranges
        .flatten()
        .fold(0, |bits, number| bits | 1 << number.min(127))
}

/// Returns whether the digits, from the country code on, can be a number. A zero that is dialled
/// within the country only may stand behind the country code.
pub(super) fn allows(digits: &[u8]) -> bool {
    let mut code = 0;
    for (length, byte) in digits.iter().take(3).enumerate() {
        code = code * 10 + u16::from(byte - b'0');
        let from = ROWS.partition_point(|row| row.code < code);
        let rows = || ROWS[from..].iter().take_while(|row| row.code == code);
        // No country code begins with another one.
        if rows().next().is_some() {
            let national = &digits[length + 1..];
            return rows().any(|row| row.allows(national))
                || matches!(national, [b'0', rest @ ..] if rows().any(|row| row.allows(rest)));
        }
    }
    false
}

impl Row {
    fn allows(&self, national: &[u8]) -> bool {
        let [first, second, ..] = national else {
            return false;
        };
        let pair = u32::from(first - b'0') * 10 + u32::from(second - b'0');
        self.lengths >> national.len() & 1 == 1 && self.first >> pair & 1 == 1
    }
}
