//! The extension of a phone number, such as `x123` or `ext. 45`.

use crate::chain::{Match, View};
use crate::text::is_word;

/// What announces an extension, in lower case.
const WORDS: [&[u8]; 8] = [
    b"extension",
    b"extn",
    b"ext",
    b"x",
    b"#",
    b"poste",
    b"int",
    b"wew",
];
/// Most digits of an extension.
const MAX_DIGITS: usize = 6;

/// Reads the extension that follows a number that ends at `at`.
pub(super) fn at(view: View<'_>, at: usize) -> Match {
    let mut result = Match::None;
    for word in WORDS {
        match after(view, at, word) {
            Match::None => {}
            found => {
                result = found;
                break;
            }
        }
    }
    result
}

fn after(view: View<'_>, at: usize, word: &[u8]) -> Match {
    let text = view.text;
    let mut end = at;
    let open = |end: usize| {
        if view.is_open_at(end) {
            Match::Open
        } else {
            Match::None
        }
    };
    for sign in *b", " {
        if text.get(end) == Some(&sign) {
            end += 1;
        }
    }
    for byte in word {
        match text.get(end) {
            Some(next) if next.eq_ignore_ascii_case(byte) => end += 1,
            Some(_) => return Match::None,
            None => return open(end),
        }
    }
    for signs in [&b".:"[..], b" "] {
        if text.get(end).is_some_and(|byte| signs.contains(byte)) {
            end += 1;
        }
    }
    let digits = text.iter().skip(end).take(MAX_DIGITS + 1);
    let digits = digits.take_while(|byte| byte.is_ascii_digit()).count();
    end += digits;
    if digits <= MAX_DIGITS && view.is_open_at(end) {
        return Match::Open;
    }
    let whole = text.get(end).is_none_or(|byte| !is_word(*byte));
    if (1..=MAX_DIGITS).contains(&digits) && whole {
        Match::End(end)
    } else {
        Match::None
    }
}
