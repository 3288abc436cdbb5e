//! Letters of ASCII, eight at once: a loop over single bytes mispredicts where nearly every word
//! ends.

/// The highest bit of each byte.
const HIGH: u64 = repeat(0x80);
/// The bit of lower case of each byte.
pub(crate) const LOWER: u64 = repeat(0x20);

/// Returns a byte eight times.
pub(crate) const fn repeat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Returns the eight bytes from `at` on, the first one lowest, with zeros where there are none.
#[inline]
#[must_use]
pub fn load(text: &[u8], at: usize) -> u64 {
    let rest = text.get(at..).unwrap_or_default();
    if let Some(bytes) = rest.first_chunk() {
        return u64::from_le_bytes(*bytes);
    }
    let mut bytes = [0; 8];
    bytes[..rest.len()].copy_from_slice(rest);
    u64::from_le_bytes(bytes)
}

/// Returns the bits of the first `count` of eight bytes.
#[inline]
pub(crate) const fn mask(count: usize) -> u64 {
    const MASKS: [u64; 9] = {
        let mut masks = [u64::MAX; 9];
        let mut count = 0;
        while count < 8 {
            masks[count] = (1 << (count * 8)) - 1;
            count += 1;
        }
        masks
    };
    MASKS[if count < 8 { count } else { 8 }]
}

/// Returns how many of eight bytes are letters, from the first on.
#[inline]
pub(crate) fn letters(bytes: u64) -> usize {
    // A sum does not overflow a byte: its highest bit is set from the added bound on.
    let lower = (bytes & !HIGH) | LOWER;
    let from_a = lower + repeat(0x80 - b'a');
    let above_z = lower + repeat(0x80 - b'z' - 1);
    let letter = from_a & !above_z & !bytes & HIGH;
    ((letter ^ HIGH).trailing_zeros() / 8) as usize
}

/// Returns the first capital behind a letter in lower case, among eight bytes of which all others
/// are zero.
#[inline]
pub(crate) fn hump(letters: u64) -> Option<usize> {
    let lower = letters & LOWER;
    let upper = !letters & LOWER & (letters >> 1);
    let humps = (lower << 8) & upper;
    (humps != 0).then(|| (humps.trailing_zeros() / 8) as usize)
}

/// Returns whether none of eight bytes is less than `least`, which is ASCII.
#[inline]
pub(crate) fn are_all_from(bytes: u64, least: u8) -> bool {
    bytes.wrapping_sub(repeat(least)) & !bytes & HIGH == 0
}

#[cfg(test)]
mod tests {
    use super::{are_all_from, hump, letters, load, mask};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn eight_bytes_are_like_single_ones(text in "[a-cxyzA-CXYZ]{0,9}([@`\\[{é\u{7f} 0-9]|[a-zA-Z])[a-z*+,]{0,9}") {
            let text = text.as_bytes();
            let bytes = load(text, 0);
            let eight = &text[..text.len().min(8)];
            let count = eight.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
            prop_assert_eq!(letters(bytes), count);
            let word = &eight[..count];
            let expected = word.windows(2).position(|pair| {
                pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()
            });
            prop_assert_eq!(hump(bytes & mask(count)), expected.map(|before| before + 1));
            let all = text.len() >= 8 && eight.iter().all(|byte| *byte >= b'+');
            prop_assert_eq!(are_all_from(bytes, b'+'), all);
        }
    }
}
