//! A text without what the decoders read.

use std::borrow::Cow;

use memchr::memchr2;

use super::escape::{hex, hex_number};

/// Fewest pairs of hexadecimal digits in a row that are no words.
const LEAST_PAIRS: usize = 10;

/// Returns the text with a space in place of each `%41`, `\u0041`, `\x41` and
/// long row of pairs of hexadecimal digits. As words of their own they would
/// say what no text says: more than two thirds of harmless encoded texts were
/// taken for attacks without this.
#[must_use]
pub fn without_encoded(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let pairs = may_have_pairs(bytes);
    let mut out: Option<String> = None;
    let (mut at, mut copied) = (0, 0);
    while at < bytes.len() {
        if !pairs {
            // Most texts have no other signs either.
            let sign = memchr2(b'%', b'\\', &bytes[at..]);
            at = sign.map_or(bytes.len(), |sign| at + sign);
            if at == bytes.len() {
                break;
            }
        }
        let length = encoded(bytes, at);
        if length == 0 {
            at += 1;
            continue;
        }
        let out = out.get_or_insert_with(|| String::with_capacity(text.len()));
        out.push_str(&text[copied..at]);
        out.push(' ');
        at += length;
        copied = at;
    }
    match out {
        None => Cow::Borrowed(text),
        Some(mut out) => {
            out.push_str(&text[copied..]);
            Cow::Owned(out)
        }
    }
}

/// Returns whether a text may have a long row of pairs of hexadecimal digits: one has a place
/// with two pairs at every multiple of [`STRIDE`].
pub(super) fn may_have_pairs(text: &[u8]) -> bool {
    /// The length of the shortest row, less two pairs.
    const STRIDE: usize = LEAST_PAIRS * 3 - 6;
    let is_hex = |byte: u8| hex(byte).is_some();
    let mut places = text.windows(6).step_by(STRIDE);
    places.any(|place| {
        let blank = place[..3].iter().position(|byte| *byte == b' ');
        blank.is_some_and(|blank| {
            (0..6).all(|at| match at % 3 == blank {
                true => place[at] == b' ',
                false => is_hex(place[at]),
            })
        })
    })
}

/// How many bytes at `at` are encoded.
fn encoded(text: &[u8], at: usize) -> usize {
    let number = |at, count| hex_number(text, at, count).is_some();
    match text[at] {
        b'%' if number(at + 1, 2) => 3,
        b'\\' => match text.get(at + 1) {
            Some(b'u') if number(at + 2, 4) => 6,
            Some(b'x') if number(at + 2, 2) => 4,
            _ => 0,
        },
        b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' => {
            let after_word = at > 0 && text[at - 1].is_ascii_alphanumeric();
            if after_word { 0 } else { pairs(text, at) }
        }
        _ => 0,
    }
}

fn pairs(text: &[u8], start: usize) -> usize {
    let (mut at, mut count) = (start, 0);
    while hex_number(text, at, 2).is_some() && matches!(text.get(at + 2), None | Some(b' ')) {
        at += 3;
        count += 1;
    }
    if count >= LEAST_PAIRS {
        at.min(text.len()) - start
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::may_have_pairs;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_row_of_pairs_is_seen_wherever_it_stands(
            before in "[a-z ]{0,60}",
            row in "([0-9a-fA-F]{2} ){9}[0-9a-f]{2}",
            behind in "[a-z ]{0,60}",
        ) {
            let text = before + &row + &behind;
            prop_assert!(may_have_pairs(text.as_bytes()));
        }
    }

    #[test]
    fn prose_has_no_pairs() {
        assert!(!may_have_pairs(
            b"Licensed under the Apache License, Version 2.0, as it is"
        ));
    }
}
