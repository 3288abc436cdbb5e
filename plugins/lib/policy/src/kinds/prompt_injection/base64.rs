//! Base64 runs inside a text (RFC 4648, both alphabets, padding optional).

/// Shortest run that is decoded, in characters: shorter ones are words.
const MIN_RUN: usize = 20;

/// The readable texts of all Base64 runs.
pub(super) fn decoded_runs(text: &str) -> Vec<String> {
    long_runs(text, is_base64).filter_map(decode).collect()
}

/// The readable texts of all runs of hex digits.
pub(super) fn decoded_hex(text: &str) -> Vec<String> {
    long_runs(text, u8::is_ascii_hexdigit)
        .filter(|run| run.len() % 2 == 0)
        .filter_map(|run| {
            let pairs = run.as_bytes().chunks_exact(2);
            let bytes: Option<Vec<u8>> = pairs
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
                .collect();
            readable(bytes?)
        })
        .collect()
}

/// Runs of at least [`MIN_RUN`] ASCII bytes of a class. Such a run has a byte at every multiple
/// of its least length, so that only those are read where there is none.
fn long_runs(text: &str, class: fn(&u8) -> bool) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let probe = from + MIN_RUN - 1;
            if !class(bytes.get(probe)?) {
                from = probe + 1;
                continue;
            }
            let before = bytes[from..probe].iter().rev().take_while(|b| class(b));
            let start = probe - before.count();
            let after = bytes[probe..].iter().take_while(|b| class(b));
            let end = probe + after.count();
            from = end;
            if end - start >= MIN_RUN {
                return text.get(start..end);
            }
        }
    })
}

fn is_base64(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

fn decode(run: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(run.len() * 3 / 4);
    let mut bits = 0u32;
    let mut count = 0;
    for byte in run.bytes() {
        bits = (bits << 6) | u32::from(value(byte)?);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    readable(bytes)
}

fn value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// Text of letters and spaces; anything else is data, not a message.
fn readable(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(bytes).ok()?;
    let plain = text
        .chars()
        .filter(|c| c.is_alphanumeric() || c.is_whitespace())
        .count();
    (plain * 10 >= text.chars().count() * 8).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::{MIN_RUN, is_base64, long_runs};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_long_run_is_found(text in "([a-z+/]{0,24}[ .é]{0,2}){0,6}") {
            let split = text.split(|c: char| !u8::try_from(c).is_ok_and(|b| is_base64(&b)));
            let expected: Vec<&str> = split.filter(|run| run.len() >= MIN_RUN).collect();
            prop_assert_eq!(long_runs(&text, is_base64).collect::<Vec<_>>(), expected);
        }
    }
}
