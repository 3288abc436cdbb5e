//! Base64 runs inside a text (RFC 4648, both alphabets, padding optional).

/// Shortest run that is decoded, in characters: shorter ones are words.
const MIN_RUN: usize = 20;

/// The readable texts of all Base64 runs.
pub(super) fn decoded_runs(text: &str) -> Vec<String> {
    text.split(|c: char| !is_base64(c))
        .filter(|run| run.len() >= MIN_RUN)
        .filter_map(decode)
        .collect()
}

/// The readable texts of all runs of hex digits.
pub(super) fn decoded_hex(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_ascii_hexdigit())
        .filter(|run| run.len() >= MIN_RUN && run.len() % 2 == 0)
        .filter_map(|run| {
            let pairs = run.as_bytes().chunks_exact(2);
            let bytes: Option<Vec<u8>> = pairs
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
                .collect();
            readable(bytes?)
        })
        .collect()
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_')
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
