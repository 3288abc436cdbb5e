//! The readings of a text.

use std::collections::HashSet;
use std::ops::Range;

use kt_detect::{PlainText, is_alphanumeric, is_lower};

use super::base64::{decoded_hex, decoded_runs};
use super::fold;
use super::settings::Encoding;

/// One reading.
pub(super) struct View {
    pub(super) text: String,
    /// The same with its line breaks, where `text` has spaces instead: a phrase
    /// goes on over the end of a line. Of the same length, so that a place in
    /// one is the same in the other.
    pub(super) lines: Option<String>,
    /// The reading was hidden: decoded, or without the spaces between letters.
    /// Nobody hides a harmless phrase, so no allowance is made for it.
    pub(super) hidden: bool,
}

impl From<PlainText> for View {
    fn from(plain: PlainText) -> Self {
        Self {
            text: plain.text,
            lines: None,
            hidden: plain.hidden,
        }
    }
}

/// Most of a text that is read, in bytes; the rest is read as a text of its
/// own. Bounds the memory of one reading.
const MAX_VIEW: usize = 64 * 1024;

/// All readings of a text.
pub(super) fn views(text: &str, encoding: &Encoding) -> Vec<View> {
    let mut found = Vec::new();
    // A text may repeat what it hides thousands of times.
    let mut decoded = HashSet::new();
    for part in parts(text) {
        readings(part, encoding, false, &mut found);
        if encoding.decode_base64.unwrap_or(true) {
            for inner in decoded_runs(part).into_iter().chain(decoded_hex(part)) {
                if !decoded.contains(&inner) {
                    readings(&inner, encoding, true, &mut found);
                    decoded.insert(inner);
                }
            }
        }
    }
    found
}

/// Pieces of at most [`MAX_VIEW`] that overlap, so that no phrase is cut.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    while text.len() - start > MAX_VIEW {
        let end = text.floor_char_boundary(start + MAX_VIEW);
        parts.push(&text[start..end]);
        start = text.floor_char_boundary(end - 1024);
    }
    parts.push(&text[start..]);
    parts
}

/// Adds the readings of a text, without repetition.
fn readings(text: &str, encoding: &Encoding, decoded: bool, found: &mut Vec<View>) {
    let normalize = encoding.normalize_unicode.unwrap_or(true);
    let base = fold_text(text, normalize);
    let first = found.len();
    let mut add = |text: String, hidden: bool| {
        let differs = text != base || hidden != decoded;
        if differs && found[first..].iter().all(|view| view.text != text) {
            let lines = None;
            found.push(View {
                text,
                lines,
                hidden,
            });
        }
    };
    if encoding.detect_homoglyphs.unwrap_or(true) && !base.is_ascii() {
        add(base.chars().map(fold::look_alike).collect(), decoded);
    }
    if normalize {
        if !text.is_ascii() {
            let tagged: String = text.chars().filter_map(fold::untag).collect();
            if tagged.len() >= 8 {
                add(fold_text(&tagged, true), true);
            }
        }
        if let Some(joined) = join_spaced(text) {
            add(fold_text(&joined, true), true);
        }
        if let Some(plain) = unleet(&base) {
            add(plain, decoded);
        }
    }
    found.push(if base.contains('\n') {
        View {
            text: base.replace('\n', " "),
            lines: Some(base),
            hidden: decoded,
        }
    } else {
        View {
            text: base,
            lines: None,
            hidden: decoded,
        }
    });
}

/// Lower case, one space for any run of white space, and with `normalize`
/// invisible characters removed and styled letters made plain.
fn fold_text(text: &str, normalize: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        // Most texts are ASCII, which needs no look at single characters.
        let ascii = rest.bytes().take_while(u8::is_ascii).count();
        push_ascii(&rest[..ascii], normalize, &mut out);
        rest = &rest[ascii..];
        let other = rest.find(|c: char| c.is_ascii()).unwrap_or(rest.len());
        let mut push = |c: char| {
            let dropped = normalize && (fold::is_invisible(c) || fold::untag(c).is_some());
            if !dropped {
                push_folded(if normalize { fold::plain(c) } else { c }, &mut out);
            }
        };
        for c in rest[..other].chars() {
            if is_lower(c) {
                push(c);
            } else {
                c.to_lowercase().for_each(&mut push);
            }
        }
        rest = &rest[other..];
    }
    out
}

fn push_folded(c: char, out: &mut String) {
    if c == '\n' && out.ends_with(' ') {
        out.pop();
        out.push('\n');
    } else if !c.is_whitespace() {
        out.push(c);
    } else if !out.ends_with([' ', '\n']) {
        out.push(if c == '\n' { '\n' } else { ' ' });
    }
}

/// Appends the fold of a text of ASCII characters.
fn push_ascii(text: &str, normalize: bool, out: &mut String) {
    let mut folded = vec![0; text.len()];
    let mut length = 0;
    let mut last = out.bytes().next_back().unwrap_or_default();
    for byte in text.bytes() {
        let byte = match FOLDED[usize::from(byte)] {
            b'`' if normalize => b'\'',
            b' ' if matches!(last, b' ' | b'\n') => continue,
            b'\n' if last == b' ' && length > 0 => {
                length -= 1;
                b'\n'
            }
            b'\n' if last == b' ' => {
                out.pop();
                b'\n'
            }
            b'\n' if last == b'\n' => continue,
            byte => byte,
        };
        folded[length] = byte;
        length += 1;
        last = byte;
    }
    folded.truncate(length);
    out.extend(String::from_utf8(folded));
}

/// ASCII in lower case, and white space as a space or a line break.
const FOLDED: [u8; 256] = {
    let mut folded = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        folded[byte] = match byte as u8 {
            b'\n' => b'\n',
            b'\t' | 0x0b | 0x0c | b'\r' => b' ',
            byte => byte.to_ascii_lowercase(),
        };
        byte += 1;
    }
    folded
};

/// Letters in a row that are written apart, from which they are joined.
const MIN_SPACED: usize = 8;

/// Whether a character separates letters that are written apart.
fn separates(c: char) -> bool {
    c.is_whitespace() || matches!(c, '.' | '-' | '_' | '*' | '/' | '|')
}

/// Whether at least [`MIN_SPACED`] letters in a row are written apart.
fn has_spaced(text: &str) -> bool {
    if text.is_ascii() {
        let class = |byte: u8| CLASSES[usize::from(byte)];
        is_spaced(text.bytes().map(class))
    } else {
        is_spaced(text.chars().map(class_of))
    }
}

/// The same by the classes of the characters.
fn is_spaced(classes: impl Iterator<Item = u8>) -> bool {
    let (mut run, mut before, mut last) = (0, SEPARATOR, SEPARATOR);
    for class in classes.chain([SEPARATOR]) {
        if last == LETTER {
            let single = before == SEPARATOR && class == SEPARATOR;
            run = if single { run + 1 } else { 0 };
            if run >= MIN_SPACED {
                return true;
            }
        }
        (before, last) = (last, class);
    }
    false
}

const OTHER: u8 = 0;
const LETTER: u8 = 1;
const SEPARATOR: u8 = 2;

const CLASSES: [u8; 256] = {
    let mut classes = [OTHER; 256];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => LETTER,
            b'\t'..=b'\r' | b' ' | b'.' | b'-' | b'_' | b'*' | b'/' | b'|' => SEPARATOR,
            _ => OTHER,
        };
        byte += 1;
    }
    classes
};

fn class_of(c: char) -> u8 {
    match u8::try_from(c) {
        Ok(byte) if byte.is_ascii() => CLASSES[usize::from(byte)],
        _ if is_alphanumeric(c) => LETTER,
        _ if separates(c) => SEPARATOR,
        _ => OTHER,
    }
}

/// The text without what separates single letters (`i g n o r e`, `i.g.n`),
/// when at least eight letters in a row are written so. More than one
/// separator is the space between two words.
fn join_spaced(text: &str) -> Option<String> {
    if !has_spaced(text) {
        return None;
    }
    let chars: Vec<char> = text.chars().collect();
    let mut joined = String::with_capacity(text.len());
    let mut index = 0;
    while index < chars.len() {
        let single = is_alphanumeric(chars[index])
            && chars.get(index + 1).is_none_or(|c| separates(*c))
            && (index == 0 || separates(chars[index - 1]));
        joined.push(chars[index]);
        index += 1;
        if single {
            let gap = chars[index..].iter().take_while(|c| separates(**c)).count();
            if gap > 1 {
                joined.push(' ');
            }
            index += gap;
        }
    }
    Some(joined)
}

/// The text with digits and signs inside words read as letters, when there are
/// such words.
fn unleet(text: &str) -> Option<String> {
    let mut plain = Vec::new();
    for word in leet_words(text.as_bytes()) {
        if plain.is_empty() {
            plain = text.as_bytes().to_vec();
        }
        for byte in &mut plain[word] {
            *byte = UNLEETED[usize::from(*byte)];
        }
    }
    // The signs and the letters are ASCII.
    String::from_utf8(plain)
        .ok()
        .filter(|plain| !plain.is_empty())
}

/// Each byte as the letter that it stands for.
static UNLEETED: [u8; 256] = {
    let mut letters = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        letters[byte] = fold::unleet(byte as u8);
        byte += 1;
    }
    letters
};

/// Words that have digits or signs that stand for letters, and at least two
/// letters.
fn leet_words(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let sign = from + text[from..].iter().position(|byte| is_leet(*byte))?;
            let before = text[from..sign].iter().rev().position(|b| *b == b' ');
            let start = before.map_or(from, |count| sign - count);
            let after = text[sign..].iter().position(|b| *b == b' ');
            let end = after.map_or(text.len(), |count| sign + count);
            from = end;
            let letters = text[start..end].iter().filter(|b| b.is_ascii_alphabetic());
            if letters.take(2).count() == 2 {
                return Some(start..end);
            }
        }
    })
}

fn is_leet(byte: u8) -> bool {
    const LEET: [bool; 256] = {
        let mut leet = [false; 256];
        let mut signs: &[u8] = b"01!|34@5$789";
        while let [sign, rest @ ..] = signs {
            leet[*sign as usize] = true;
            signs = rest;
        }
        leet
    };
    LEET[usize::from(byte)]
}

#[cfg(test)]
mod tests {
    use super::{Encoding, LETTER, SEPARATOR, has_spaced, views};
    use super::{class_of, fold, fold_text, is_leet, push_folded, separates, unleet};
    use proptest::prelude::*;

    /// The fold as it is defined, character by character.
    fn fold_characters(text: &str, normalize: bool) -> String {
        let mut out = String::new();
        for c in text.chars().flat_map(char::to_lowercase) {
            if normalize && (fold::is_invisible(c) || fold::untag(c).is_some()) {
                continue;
            }
            push_folded(if normalize { fold::plain(c) } else { c }, &mut out);
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn ascii_is_folded_as_everything_else(text in "[ \t\n\r`aZ9.é\u{a0}İ\u{200b}]{0,24}", normalize: bool) {
            prop_assert_eq!(fold_text(&text, normalize), fold_characters(&text, normalize));
        }
    }

    #[test]
    fn what_is_encoded_again_and_again_is_read_once() {
        let text = "VGhlIHBhdXNlIGlzIHNob3J0 ".repeat(2_000);
        let views = views(&text, &Encoding::default());
        let hidden: Vec<&str> = views
            .iter()
            .filter(|v| v.hidden)
            .map(|v| &*v.text)
            .collect();
        assert_eq!(hidden, ["the pause is short"]);
    }

    #[test]
    fn classes_of_ascii_are_those_of_characters() {
        for c in (0..=127u8).map(char::from) {
            assert_eq!(class_of(c) == LETTER, c.is_alphanumeric(), "{c:?}");
            assert_eq!(class_of(c) == SEPARATOR, separates(c), "{c:?}");
        }
        for (text, spaced) in [
            ("i g n o r e a l", true),
            ("i.g.n-o_r*e/a|l", true),
            ("x, i g n o r e a l", true),
            ("i g n o r e al l", false),
            ("i g n o r e a", false),
            ("é g n o r e a l", true),
        ] {
            assert_eq!(has_spaced(text), spaced, "{text:?}");
        }
    }

    #[test]
    fn signs_are_letters_in_words_only() {
        assert!((0..=127).all(|byte| is_leet(byte) == (fold::unleet(byte) != byte)));
        for (text, plain) in [
            ("1gnore 4ll rul3s, 42 4x", Some("ignore all rules, 42 4x")),
            ("say hi! a\nb! é1", Some("say hii a\nbi é1")),
            ("in 2026, 3.5 of", None),
            ("", None),
        ] {
            assert_eq!(unleet(text).as_deref(), plain, "{text:?}");
        }
    }
}
