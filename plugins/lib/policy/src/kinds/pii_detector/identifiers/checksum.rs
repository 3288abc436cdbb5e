//! Check digits. All functions take ASCII letters and digits.

/// The value of a digit.
pub(super) fn digit(byte: u8) -> u32 {
    u32::from(byte.wrapping_sub(b'0'))
}

/// The number that the digits of a part are.
pub(super) fn number(digits: &[u8]) -> u64 {
    digits
        .iter()
        .fold(0, |sum, byte| sum * 10 + u64::from(digit(*byte)))
}

/// The sum of digits, each times its weight.
pub(super) fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    let pairs = digits.iter().zip(weights);
    pairs.map(|(byte, weight)| digit(*byte) * weight).sum()
}

/// Luhn's algorithm (ISO/IEC 7812-1, annex B).
pub(super) fn luhn(digits: &[u8]) -> bool {
    luhn_sum(digits).is_multiple_of(10)
}

/// The sum of Luhn's algorithm: every second digit from the right is doubled.
pub(super) fn luhn_sum(digits: &[u8]) -> u32 {
    let reversed = digits.iter().rev().enumerate();
    reversed
        .map(|(index, byte)| match (index % 2, digit(*byte)) {
            (0, digit) => digit,
            (_, digit @ 0..=4) => digit * 2,
            (_, digit) => digit * 2 - 9,
        })
        .sum()
}

/// Verhoeff's algorithm.
pub(super) fn verhoeff(digits: &[u8]) -> bool {
    const PERMUTATION: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let mut check = 0;
    for (index, byte) in digits.iter().rev().enumerate() {
        let mut value = byte.wrapping_sub(b'0') % 10;
        for _ in 0..index % 8 {
            value = PERMUTATION[usize::from(value)];
        }
        check = dihedral(check, value);
    }
    check == 0
}

/// The product in the dihedral group of order ten.
fn dihedral(a: u8, b: u8) -> u8 {
    match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b - 5) % 5 + 5,
        (false, true) => (a - 5 + 5 - b) % 5 + 5,
        (false, false) => (a - 5 + 5 - (b - 5)) % 5,
    }
}

/// ISO/IEC 7064, MOD 11,10.
pub(super) fn mod_11_10(digits: &[u8]) -> bool {
    let Some((last, head)) = digits.split_last() else {
        return false;
    };
    let product = head.iter().fold(10, |product, byte| {
        let sum = match (digit(*byte) + product) % 10 {
            0 => 10,
            sum => sum,
        };
        sum * 2 % 11
    });
    (11 - product) % 10 == digit(*last)
}

/// ISO/IEC 7064, MOD 11-2: the last character may be `X`.
pub(super) fn mod_11_2(text: &[u8]) -> bool {
    let sum = text.iter().fold(0, |sum, byte| {
        let value = if *byte == b'X' { 10 } else { digit(*byte) };
        (sum * 2 + value) % 11
    });
    sum == 1
}

/// The remainder modulo 97 of a number of many digits.
pub(super) fn mod_97(digits: &[u8]) -> u32 {
    digits
        .iter()
        .fold(0, |rest, byte| (rest * 10 + digit(*byte)) % 97)
}

/// Whether the last digit makes the sum of weighted digits, less a multiple of eleven, complete;
/// a check of ten is written as `ten`, of eleven as zero.
pub(super) fn mod_11(digits: &[u8], weights: &[u32], ten: Option<u32>) -> bool {
    let Some((last, head)) = digits.split_last() else {
        return false;
    };
    let check = match 11 - weighted(head, weights) % 11 {
        10 => ten,
        11 => Some(0),
        check => Some(check),
    };
    check == Some(digit(*last))
}

/// Whether the last digit is the remainder modulo eleven of the sum of weighted digits; a
/// remainder of ten is written as `ten`.
pub(super) fn remainder_11(digits: &[u8], weights: &[u32], ten: Option<u32>) -> bool {
    let Some((last, head)) = digits.split_last() else {
        return false;
    };
    let check = match weighted(head, weights) % 11 {
        10 => ten,
        check => Some(check),
    };
    check == Some(digit(*last))
}

/// Whether the last digit makes the sum of weighted digits a multiple of ten.
pub(super) fn mod_10(digits: &[u8], weights: &[u32]) -> bool {
    let Some((last, head)) = digits.split_last() else {
        return false;
    };
    (weighted(head, weights) + digit(*last)).is_multiple_of(10)
}

/// The position of a letter in the alphabet, from 0.
pub(super) fn letter(byte: u8) -> u32 {
    u32::from(byte.wrapping_sub(b'A'))
}

/// The value of a letter or a digit: letters go on from 10.
pub(super) fn base_36(byte: u8) -> u32 {
    if byte.is_ascii_digit() {
        digit(byte)
    } else {
        letter(byte) + 10
    }
}

/// Whether the characters are digits.
pub(super) fn digits(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_digit)
}

/// Any letters and digits: the form and the words decide alone.
pub(super) fn unchecked(_: &[u8]) -> bool {
    true
}
