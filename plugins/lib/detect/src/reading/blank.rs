//! A text without what the decoders read.

use std::borrow::Cow;

use super::escape::hex_number;

/// Fewest pairs of hexadecimal digits in a row that are no words.
const LEAST_PAIRS: usize = 10;

/// Returns the text with a space in place of each `%41`, `\u0041`, `\x41` and
/// long row of pairs of hexadecimal digits. As words of their own they would
/// say what no text says: more than two thirds of harmless encoded texts were
/// taken for attacks without this.
#[must_use]
pub fn without_encoded(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut out: Option<String> = None;
    let (mut at, mut copied) = (0, 0);
    while at < bytes.len() {
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
