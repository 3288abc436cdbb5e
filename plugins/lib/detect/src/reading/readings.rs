//! The decoded readings of a text.

use memchr::memchr3_iter;

use super::base64::decode_runs;
use super::case::plain_case;
use super::escape::{entities, escapes, hex_number, percent};
use super::turned::turn;

/// How often what was decoded is decoded again.
const DEPTH: usize = 2;
/// Fewest encoded characters for which a text is decoded.
const LEAST: usize = 3;
/// Readings in all may have this many bytes for each of the text, and
/// [`BASIS`] more.
const GROWTH: usize = 6;
/// See [`GROWTH`].
const BASIS: usize = 4096;

/// What is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decoding {
    /// Base64, hexadecimal digits, percent encoding, entities and escapes.
    pub encoded: bool,
    /// Texts that are rotated or reversed, words of odd case, and invisible tags.
    pub turned: bool,
}

/// Returns the decoded readings of a text, each once; empty for a text that is
/// what it says. The work is a multiple of the bytes of the text.
#[must_use]
pub fn readings(text: &str, decoding: Decoding) -> Vec<String> {
    let mut found = Vec::new();
    let mut budget = text.len() * GROWTH + BASIS;
    add(text, decoding, DEPTH, &mut budget, &mut found);
    found
}

fn add(text: &str, decoding: Decoding, depth: usize, budget: &mut usize, found: &mut Vec<String>) {
    let first = found.len();
    let mut decoded = Vec::new();
    if decoding.encoded {
        decode(text, &mut decoded);
    }
    if decoding.turned {
        decoded.extend(turn(text));
        decoded.extend(plain_case(text));
        decoded.extend(tags(text));
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
            add(&reading, decoding, depth - 1, budget, found);
            found[index] = reading;
        }
    }
}

fn decode(text: &str, found: &mut Vec<String>) {
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
    let first = found.len();
    decode_runs(bytes, found);
    // A text may repeat what it hides thousands of times.
    let mut runs = found.split_off(first);
    runs.sort_unstable();
    runs.dedup();
    found.append(&mut runs);
}

/// The text that invisible tag characters write.
fn tags(text: &str) -> Option<String> {
    // Tags are in plane 14: four bytes, the first of which is this.
    memchr::memchr(0xf3, text.as_bytes())?;
    let hidden: String = text.chars().filter_map(crate::fold::hidden_tag).collect();
    (hidden.len() >= 8).then_some(hidden)
}
