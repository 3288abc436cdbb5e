//! Runs of Base64 and of hexadecimal digits.

use super::blank::may_have_pairs;
use super::escape::hex;
use crate::alphabet::{is_alphanumeric, is_letter};
use crate::letters::{are_all_from, load};

/// Fewest characters of a run that is decoded.
const LEAST: usize = 20;
/// Fewest characters of the first line of a run.
const LEAST_LINE: usize = 12;
/// Fewest pairs of hexadecimal digits with spaces between.
const LEAST_PAIRS: usize = 10;
/// Fewest bytes of a decoded text.
const LEAST_TEXT: usize = 8;

const NONE: u8 = 0xff;

const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut byte = 0;
    while byte < 256 {
        values[byte] = match byte as u8 {
            sign @ b'A'..=b'Z' => sign - b'A',
            sign @ b'a'..=b'z' => sign - b'a' + 26,
            sign @ b'0'..=b'9' => sign - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => NONE,
        };
        byte += 1;
    }
    values
};

fn in_run(byte: Option<&u8>) -> bool {
    byte.is_some_and(|byte| VALUES[usize::from(*byte)] != NONE)
}

/// Adds the texts that runs of Base64 or hexadecimal digits hold. Each byte is
/// read a fixed number of times.
pub(super) fn decode_runs(text: &[u8], found: &mut Vec<String>) {
    if may_have_pairs(text) {
        decode_all_runs(text, found);
    } else {
        decode_long_runs(text, found);
    }
}

fn decode_all_runs(text: &[u8], found: &mut Vec<String>) {
    let mut at = 0;
    while at < text.len() {
        if !in_run(text.get(at)) {
            at += 1;
            continue;
        }
        let end = at + text[at..].iter().take_while(|b| in_run(Some(b))).count();
        if let Some((bytes, end)) = hex_pairs(text, at, end) {
            found.extend(readable(bytes));
            at = end;
        } else if end - at < LEAST_LINE {
            at = end;
        } else {
            let (run, end) = lines(text, at);
            found.extend(decode(&run));
            at = end;
        }
    }
}

/// The same without pairs of hexadecimal digits. A run that is long enough has eight bytes at a
/// multiple of [`STRIDE`], so that the text is looked at in such steps.
fn decode_long_runs(text: &[u8], found: &mut Vec<String>) {
    /// A run behind a byte that belongs to none has eight bytes from this distance on.
    const STRIDE: usize = LEAST_LINE - 8;
    let (mut from, mut probe) = (0, 0);
    while probe + 8 <= text.len() {
        // Nearly all eight bytes have a blank among them.
        if !are_all_from(load(text, probe), b'+') {
            probe += STRIDE;
            continue;
        }
        let before = text[from..probe].iter().rev();
        let start = probe - before.take_while(|b| in_run(Some(b))).count();
        let after = text[probe..].iter().take_while(|b| in_run(Some(b)));
        let end = probe + after.count();
        if end - start >= LEAST_LINE {
            let (run, end) = lines(text, start);
            found.extend(decode(&run));
            from = end;
            probe = end;
        } else {
            from = end;
            probe = end + STRIDE;
        }
    }
}

/// The bytes of pairs such as `69 67 6e`, and where they end.
fn hex_pairs(text: &[u8], start: usize, end: usize) -> Option<(Vec<u8>, usize)> {
    if end - start != 2 {
        return None;
    }
    let mut bytes = Vec::new();
    let mut at = start;
    while let Some([high, low]) = text.get(at..at + 2) {
        let (Some(high), Some(low)) = (hex(*high), hex(*low)) else {
            break;
        };
        bytes.push(high << 4 | low);
        at += 2;
        if text.get(at) != Some(&b' ') {
            break;
        }
        at += 1;
    }
    (bytes.len() >= LEAST_PAIRS).then_some((bytes, at))
}

/// A run that goes on over line ends, without them, and where it ends.
fn lines(text: &[u8], start: usize) -> (Vec<u8>, usize) {
    let mut run = Vec::new();
    let mut at = start;
    loop {
        let length = text[at..].iter().take_while(|b| in_run(Some(b))).count();
        run.extend_from_slice(&text[at..at + length]);
        at += length;
        let gap = match text.get(at..) {
            Some([b'\n', ..]) => 1,
            Some([b'\r', b'\n', ..]) => 2,
            _ => return (run, at),
        };
        if !in_run(text.get(at + gap)) {
            return (run, at);
        }
        at += gap;
    }
}

fn decode(run: &[u8]) -> Option<String> {
    if run.len() < LEAST {
        return None;
    }
    if run.len().is_multiple_of(2) {
        let pairs = run.as_chunks::<2>().0.iter();
        let bytes = pairs.map(|[high, low]| Some(hex(*high)? << 4 | hex(*low)?));
        if let Some(text) = bytes.collect::<Option<Vec<u8>>>().and_then(readable) {
            return Some(text);
        }
    }
    let upper = run.iter().any(u8::is_ascii_uppercase);
    let lower = run.iter().any(u8::is_ascii_lowercase);
    if upper && lower {
        return base64_within(run);
    }
    base32(run)
}

/// Signs of the alphabet that addresses have before what they hold: `/r/aWdub3Jl`.
const LEADING: usize = 96;

/// The text of Base64 behind signs that stand before it, such as the path of an address; or of the
/// run from its end on.
fn base64_within(run: &[u8]) -> Option<String> {
    if let Some(text) = base64(run) {
        return Some(text);
    }
    let head = &run[..run.len().min(LEADING)];
    let signs = (0..head.len()).filter(|at| !head[*at].is_ascii_alphanumeric());
    let rest = signs
        .map(|at| &run[at + 1..])
        .filter(|rest| rest.len() >= LEAST);
    let text = rest.into_iter().find_map(base64);
    // One letter before it moves all others.
    let text = text.or_else(|| (1..4).find_map(|at| base64(run.get(at..)?)));
    text.or_else(|| {
        let reversed: Vec<u8> = run.iter().rev().copied().collect();
        base64(&reversed)
    })
}

/// The text of Base64, of either alphabet (RFC 4648 §4 and §5).
fn base64(run: &[u8]) -> Option<String> {
    digits(run, 6, |sign| {
        Some(VALUES[usize::from(sign)]).filter(|value| *value != NONE)
    })
}

/// The text of Base32 (RFC 4648 §6).
fn base32(run: &[u8]) -> Option<String> {
    digits(run, 5, |sign| match sign {
        b'A'..=b'Z' => Some(sign - b'A'),
        b'a'..=b'z' => Some(sign - b'a'),
        b'2'..=b'7' => Some(sign - b'2' + 26),
        _ => None,
    })
}

/// Bytes after which a run that does not decode to text is given up.
const PROBE: usize = 24;

/// The text of digits of so many bits, if each sign has a value.
fn digits(run: &[u8], width: usize, value: impl Fn(u8) -> Option<u8>) -> Option<String> {
    let mut bytes = Vec::with_capacity(run.len() * width / 8);
    let (mut bits, mut count) = (0_u32, 0);
    for sign in run {
        bits = bits << width | u32::from(value(*sign)?);
        count += width;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
            if bytes.len() == PROBE && !may_be_text(&bytes) {
                return None;
            }
        }
    }
    readable(bytes)
}

/// Fewest chunks of Base64 in a row.
const LEAST_CHUNKS: usize = 5;

/// Adds the text of Base64 with blanks between chunks of one length, and of words that are encoded
/// one by one.
pub(super) fn decode_chunks(text: &str, found: &mut Vec<String>) {
    let (mut words, mut encoded) = (String::new(), 0);
    let (mut run, mut chunks, mut length) = (Vec::new(), 0, 0);
    let ends = |c: char| c.is_ascii_whitespace() || matches!(c, '.' | ',' | ';' | '|' | '"' | '>');
    for word in text.split(ends).filter(|word| !word.is_empty()) {
        let plain = word.trim_end_matches('=');
        // Words are padded; those of languages have no capitals inside.
        let padded = word.len().is_multiple_of(4) && word.bytes().any(|b| b.is_ascii_uppercase());
        if let Some(letters) = Some(plain).filter(|_| padded).and_then(encoded_word) {
            words.push_str(&letters);
            words.push(' ');
            encoded += 1;
        }
        let is_run = plain.bytes().all(|byte| VALUES[usize::from(byte)] != NONE);
        if is_run && (plain.len() == length || (chunks >= LEAST_CHUNKS && plain.len() < length)) {
            run.extend_from_slice(plain.as_bytes());
            chunks += 1;
            continue;
        }
        if chunks >= LEAST_CHUNKS {
            found.extend(decode(&run));
        }
        run.clear();
        (chunks, length) = (0, 0);
        if is_run && (1..LEAST).contains(&plain.len()) {
            run.extend_from_slice(plain.as_bytes());
            (chunks, length) = (1, plain.len());
        }
    }
    if chunks >= LEAST_CHUNKS {
        found.extend(decode(&run));
    }
    if encoded >= LEAST_CHUNKS {
        found.push(words);
    }
}

/// The characters of a word in Base64, letters for the most part; few words of languages decode to
/// that.
fn encoded_word(word: &str) -> Option<String> {
    let first = bytes_of(word.as_bytes().get(..4).unwrap_or(word.as_bytes()))?[0];
    if first < b'!' || (0x7f..0xc2).contains(&first) {
        return None;
    }
    let mut bytes = Vec::with_capacity(word.len());
    for chunk in word.as_bytes().chunks(4) {
        bytes.extend_from_slice(&bytes_of(chunk)?[..chunk.len() * 3 / 4]);
    }
    let text = String::from_utf8(bytes).ok()?;
    let letters = text.chars().filter(|c| is_letter(*c)).count();
    let all = text.chars().count();
    (letters > 0 && letters * 3 >= all * 2 && !text.contains(|c: char| c.is_control() || c == ' '))
        .then_some(text)
}

/// The bytes of at most four characters of Base64.
fn bytes_of(chunk: &[u8]) -> Option<[u8; 3]> {
    let value = |sign: &u8| Some(VALUES[usize::from(*sign)]).filter(|value| *value != NONE);
    let mut signs = chunk.iter();
    let bits = signs.try_fold(0_u32, |bits, sign| {
        Some(bits << 6 | u32::from(value(sign)?))
    })?;
    let [_, bytes @ ..] = (bits << (6 * (4 - chunk.len()))).to_be_bytes();
    Some(bytes)
}

/// Whether the first bytes of a decoded run can begin a text: UTF-8 but for a
/// cut character at the end.
fn may_be_text(bytes: &[u8]) -> bool {
    if is_utf16(bytes) {
        return true;
    }
    let valid = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(e) => e.error_len().is_none(),
    };
    valid && bytes.iter().filter(|b| b.is_ascii_control()).count() <= 4
}

/// Whether bytes begin as UTF-16 of Latin letters does: most second ones are zero.
fn is_utf16(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(PROBE)];
    let zeros = |from: usize| {
        head.iter()
            .skip(from)
            .step_by(2)
            .filter(|b| **b == 0)
            .count()
    };
    head.len() >= LEAST_TEXT && zeros(0).max(zeros(1)) * 3 >= head.len()
}

/// The bytes of UTF-16 as UTF-8.
fn from_utf16(bytes: &[u8]) -> Vec<u8> {
    let big = bytes[0] == 0;
    let pairs = bytes.as_chunks::<2>().0.iter();
    let units = pairs.map(|pair| {
        if big {
            u16::from_be_bytes(*pair)
        } else {
            u16::from_le_bytes(*pair)
        }
    });
    let chars = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
    chars.collect::<String>().into_bytes()
}

/// The text of decoded bytes, when they are one.
fn readable(bytes: Vec<u8>) -> Option<String> {
    let mut bytes = if is_utf16(&bytes) {
        from_utf16(&bytes)
    } else {
        bytes
    };
    if let Err(e) = std::str::from_utf8(&bytes) {
        // The run may end within a character.
        if e.valid_up_to() + 3 < bytes.len() {
            return None;
        }
        bytes.truncate(e.valid_up_to());
    }
    let text = String::from_utf8(bytes).ok()?;
    let plain = |c: &char| c.is_ascii_punctuation() || is_alphanumeric(*c) || c.is_whitespace();
    let (plain, all) = (text.chars().filter(plain).count(), text.chars().count());
    (text.len() >= LEAST_TEXT && plain * 20 >= all * 19).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::{decode_all_runs, decode_long_runs};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_run_is_missed(
            pieces in prop::collection::vec(
                "[a-z]{1,5} |aWdub3JlIGFsbCBwcmV2aW91cw|696e7374727563742074|c2hvcnQg\\r?\\n|[+/.]|é", 0..8,
            ),
        ) {
            let text = pieces.concat();
            let (mut all, mut long) = (Vec::new(), Vec::new());
            decode_all_runs(text.as_bytes(), &mut all);
            decode_long_runs(text.as_bytes(), &mut long);
            prop_assert_eq!(all, long);
        }
    }
}
