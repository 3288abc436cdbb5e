//! The decoded readings of a text.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::alphabets::{braille, morse};
use super::base64::{decode_chunks, decode_runs};
use super::bytes::{ByteCounts, dense_parts};
use super::case::{count_changes, plain_case};
use super::escape::unescaped;
use super::lines::single_words;
use super::numbers::decode_numbers;
use super::segmentation::segmented;
use super::signs::{SEPARATORS, letters, look_alikes, marks};
use super::turned::turn;

/// How often what was decoded is decoded again.
const DEPTH: usize = 3;
/// Fewest changes of case of a text that may be encoded.
const LEAST: usize = 3;
/// Most encoded runs of a text that are readings of their own; more of them are one.
const MOST_RUNS: usize = 16;
/// Bytes of a text that can hide something: most values of JSON are shorter.
const SHORTEST: usize = 20;
/// Fewest digits of a text that is written in numbers.
const LEAST_DIGITS: u32 = 18;
/// The same within 256 bytes: each number of a row has one, and there are twelve.
const NEAR_DIGITS: usize = 12;
/// Fewest dots and dashes of a text in Morse code, and cells of one in Braille.
const LEAST_CODES: u32 = 18;
/// Readings in all may have this many bytes for each of the text, and
/// [`BASIS`] more.
const GROWTH: usize = 3;
/// See [`GROWTH`].
const BASIS: usize = 4096;

/// What is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decoding {
    /// Base64, Base32, hexadecimal digits, percent encoding, entities, escapes, numbers of
    /// characters, Morse code and Braille.
    pub encoded: bool,
    /// Texts that are rotated or reversed, words of odd case or with signs inside them, one word a
    /// line, and invisible characters.
    pub turned: bool,
}

/// Returns the decoded readings of a text, each once; empty for a text that is
/// what it says. The work is a multiple of the bytes of the text.
#[must_use]
pub fn readings(text: &str, decoding: Decoding) -> Vec<String> {
    let mut found = Vec::new();
    if text.len() < SHORTEST {
        return found;
    }
    let mut budget = text.len() * GROWTH + BASIS;
    add(text, decoding, DEPTH, &mut budget, &mut found);
    found
}

fn add(text: &str, decoding: Decoding, depth: usize, budget: &mut usize, found: &mut Vec<String>) {
    let first = found.len();
    let mut decoded = Vec::new();
    let counts = ByteCounts::of(text);
    let changes = count_changes(text.as_bytes());
    let unescaped = if decoding.encoded {
        decode(text, &counts, &mut decoded);
        if changes >= LEAST {
            decode_chunks(text, &mut decoded);
        }
        unescaped(text)
    } else {
        None
    };
    if decoding.turned {
        // Those that fit seldom come first: the budget is theirs.
        decoded.extend(turn(text));
        let (text, counts, changes) = match &unescaped {
            Some(text) => (
                &**text,
                ByteCounts::of(text),
                count_changes(text.as_bytes()),
            ),
            None => (text, counts, changes),
        };
        decoded.extend(plain_words(text, &counts, changes));
        if counts.any(b"\n") >= 4 {
            decoded.extend(single_words(text));
        }
        decoded.extend(segmented(text));
    }
    decoded.extend(unescaped);
    let mut seen = HashSet::new();
    for reading in decoded {
        if reading == text || reading.len() > *budget || !seen.insert(hash(&reading)) {
            continue;
        }
        *budget -= reading.len();
        found.push(reading);
    }
    if depth > 1 {
        for index in first..found.len() {
            let reading = std::mem::take(&mut found[index]);
            // What is as long as the text has nothing more that the text does not show.
            if reading.len() * 10 < text.len() * 9 {
                add(&reading, decoding, depth - 1, budget, found);
            }
            found[index] = reading;
        }
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// The text without the signs inside its words, which may have several kinds of them: each reading
/// costs as much as a text.
fn plain_words(text: &str, counts: &ByteCounts, changes: usize) -> Option<String> {
    let mut plain = None;
    let mut apply = |applies: bool, read: fn(&str) -> Option<String>| {
        if applies && let Some(read) = read(plain.as_deref().unwrap_or(text)) {
            plain = Some(read);
        }
    };
    apply(
        counts.any(b"<\x1b\"'") >= 3 || counts.any(b"-\n") >= 6,
        marks,
    );
    apply(counts.any(SEPARATORS) >= 6 || counts.is_wide(), letters);
    apply(changes >= LEAST, plain_case);
    apply(counts.any(b"@!$") >= 3, look_alikes);
    plain
}

fn decode(text: &str, counts: &ByteCounts, found: &mut Vec<String>) {
    let bytes = text.as_bytes();
    if counts.digits() >= LEAST_DIGITS {
        for part in dense_parts(bytes, NEAR_DIGITS, |byte| byte.is_ascii_digit()) {
            decode_numbers(&bytes[part], found);
        }
    }
    // The first bytes of other dots.
    if counts.any(b".-_\xc2\xe2") >= LEAST_CODES {
        // A code that is not ASCII has a byte that no sign has.
        let is_sign = |byte: u8| (byte == b'.') | (byte == b'-') | (byte == b'_') | (byte >= 0xc0);
        for part in dense_parts(bytes, LEAST_CODES as usize, is_sign) {
            found.extend(text.get(part).and_then(morse));
        }
    }
    // The first byte of a character of Braille.
    if counts.any(&[0xe2]) >= LEAST_CODES / 2 {
        found.extend(braille(text));
    }
    let mut runs = Vec::new();
    decode_runs(bytes, &mut runs);
    // A text may repeat what it hides thousands of times.
    let mut seen = HashSet::new();
    runs.retain(|run| seen.insert(hash(run)));
    if runs.len() > MOST_RUNS {
        runs = vec![runs.join("\n")];
    }
    found.append(&mut runs);
}

/// Returns the texts that invisible tag characters and variation selectors write.
#[must_use]
pub fn hidden_texts(text: &str) -> Vec<String> {
    // Tags and the supplement of selectors are in plane 14: four bytes, the first of which is this.
    if memchr::memchr(0xf3, text.as_bytes()).is_none() {
        return Vec::new();
    }
    let hidden: String = text.chars().filter_map(crate::fold::hidden_tag).collect();
    let selected = text.chars().filter_map(selected_byte).collect();
    let selected = String::from_utf8(selected).unwrap_or_default();
    [hidden, selected]
        .into_iter()
        .filter(|text| text.len() >= 8)
        .collect()
}

/// The byte that a variation selector stands for: there are 16 and 240 of them.
fn selected_byte(c: char) -> Option<u8> {
    let value = match u32::from(c) {
        code @ 0xfe00..=0xfe0f => code - 0xfe00,
        code @ 0xe0100..=0xe01ef => code - 0xe0100 + 16,
        _ => return None,
    };
    u8::try_from(value).ok()
}
