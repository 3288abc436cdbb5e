//! Social security numbers, and what all number checks share.

/// The digits of a text.
pub(super) fn digits(text: &str) -> Vec<u8> {
    text.bytes()
        .filter(u8::is_ascii_digit)
        .map(|b| b - b'0')
        .collect()
}

/// Whether the number is part of a longer one: a digit, or a digit behind a
/// separator, stands before or after it.
pub(super) fn is_inside_number(before: &str, after: &[u8]) -> bool {
    let before = before.as_bytes();
    let joins = |b: u8| matches!(b, b'-' | b'.' | b'/' | b'_' | b'#');
    let left = match before {
        [.., a, b] if joins(*b) => a.is_ascii_alphanumeric() || *b == b'_' || *b == b'#',
        [.., b] => b.is_ascii_alphanumeric() || *b == b'_' || *b == b'#',
        [] => false,
    };
    let right = match after {
        [a, b, ..] if joins(*a) => b.is_ascii_digit(),
        [a, ..] => a.is_ascii_alphanumeric() || *a == b'_',
        [] => false,
    };
    left || right
}

/// Whether one of the words stands in the last bytes before a candidate.
pub(super) fn announced(before: &str, within: usize, words: &[&str]) -> bool {
    let mut from = before.len().saturating_sub(within);
    while !before.is_char_boundary(from) {
        from += 1;
    }
    let near = before[from..].to_ascii_lowercase();
    words.iter().any(|word| {
        near.match_indices(word)
            .any(|(at, _)| at == 0 || !near.as_bytes()[at - 1].is_ascii_alphanumeric())
    })
}

/// Words that say a number is something else.
const OTHER: [&str; 8] = [
    "order", "invoice", "sku", "part", "tracking", "serial", "isbn", "model",
];

/// A social security number by the rules of its issuer: area neither 000, 666
/// nor from 900, group not 00, serial not 0000. Nine bare digits count only
/// next to a word that announces them.
pub(super) fn is_ssn(before: &str, found: &str, after: &[u8]) -> bool {
    let digits = digits(found);
    let number = |range: std::ops::Range<usize>| {
        digits[range]
            .iter()
            .fold(0u32, |sum, d| sum * 10 + u32::from(*d))
    };
    let area = number(0..3);
    if area == 0 || area == 666 || area >= 900 || number(3..5) == 0 || number(5..9) == 0 {
        return false;
    }
    if is_inside_number(before, after) {
        return false;
    }
    let named = announced(
        before,
        40,
        &["ssn", "social security", "social sec", "soc sec"],
    );
    if found.len() == 9 {
        return named;
    }
    named || !announced(before, 16, &OTHER)
}
