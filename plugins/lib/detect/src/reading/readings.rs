//! The decoded readings of a text.

use memchr::memchr3_iter;

use super::alphabets::{braille, morse};
use super::base64::{decode_chunks, decode_runs};
use super::bytes::ByteCounts;
use super::case::{count_changes, plain_case};
use super::escape::{entities, escapes, hex_number, percent};
use super::lines::single_words;
use super::numbers::decode_numbers;
use super::signs::{SEPARATORS, letters, look_alikes, marks};
use super::turned::turn;

/// How often what was decoded is decoded again.
const DEPTH: usize = 3;
/// Fewest encoded characters for which a text is decoded.
const LEAST: usize = 3;
/// Bytes of a text that can hide something: most values of JSON are shorter.
const SHORTEST: usize = 20;
/// Fewest digits of a text that is written in numbers.
const LEAST_DIGITS: u32 = 18;
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
    if decoding.encoded {
        decode(text, &counts, &mut decoded);
        if changes >= LEAST {
            decode_chunks(text, &mut decoded);
        }
    }
    if decoding.turned {
        // Those that fit seldom come first: the budget is theirs.
        decoded.extend(turn(text));
        if changes >= LEAST {
            decoded.extend(plain_case(text));
        }
        decoded.extend(tags(text));
        if counts.any(SEPARATORS) >= 6 || counts.is_wide() {
            decoded.extend(letters(text));
        }
        if counts.any(b"<\x1b\"'") >= 3 || counts.any(b"-\n") >= 6 {
            decoded.extend(marks(text));
        }
        if counts.any(b"@!$") >= 3 {
            decoded.extend(look_alikes(text));
        }
        if counts.any(b"\n") >= 4 {
            decoded.extend(single_words(text));
        }
    }
    for reading in decoded {
        let new = reading != text && found[first..].iter().all(|other| *other != reading);
        if !new || reading.len() > *budget {
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

fn decode(text: &str, counts: &ByteCounts, found: &mut Vec<String>) {
    let bytes = text.as_bytes();
    let (mut percents, mut ampersands, mut backslashes) = (0, 0, 0);
    for at in memchr3_iter(b'%', b'&', b'\\', bytes) {
        match bytes[at] {
            b'%' => percents += usize::from(hex_number(bytes, at + 1, 2).is_some()),
            b'&' => ampersands += 1,
            _ => {
                let kind = bytes.get(at + 1);
                let known = matches!(kind, Some(b'u' | b'U' | b'x' | b'n' | b't' | b'"'));
                backslashes += usize::from(known);
            }
        }
    }
    if percents >= LEAST {
        found.push(percent(text));
    }
    if ampersands >= LEAST {
        found.push(entities(text));
    }
    if backslashes >= LEAST {
        found.push(escapes(text));
    }
    if counts.digits() >= LEAST_DIGITS {
        decode_numbers(bytes, found);
    }
    if counts.any(b".-") >= LEAST_CODES {
        found.extend(morse(text));
    }
    // The first byte of a character of Braille.
    if counts.any(&[0xe2]) >= LEAST_CODES / 2 {
        found.extend(braille(text));
    }
    let first = found.len();
    decode_runs(bytes, found);
    // A text may repeat what it hides thousands of times.
    let mut runs = found.split_off(first);
    runs.sort_unstable();
    runs.dedup();
    found.append(&mut runs);
}

/// The texts that invisible tag characters and variation selectors write.
fn tags(text: &str) -> Vec<String> {
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
