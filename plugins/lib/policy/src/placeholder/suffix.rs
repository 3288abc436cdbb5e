//! What is added to the placeholders of a request that already has text of their form: a caller
//! must not be able to name a value that another text of the same request has.

use std::collections::HashSet;

use super::name::MAX_BACKSLASHES;

/// Longest suffix of a text that is compared; no request has room for all shorter ones.
const MAX_SUFFIX: usize = 8;
/// The letters of suffixes.
const LETTERS: &[u8] = b"xyzabcdefghijklmnopqrstuvw";

/// Returns the first suffix with which no text has a placeholder of these labels, in whatever
/// case and with or without brackets. Usually it is empty.
pub(super) fn free_suffix<'t>(labels: &[&str], texts: impl Iterator<Item = &'t str>) -> String {
    let labels: HashSet<Vec<u8>> = labels.iter().map(|l| lower(l.as_bytes())).collect();
    let longest = labels.iter().map(Vec::len).max().unwrap_or(0);
    let mut used = HashSet::new();
    for text in texts {
        let bytes = text.as_bytes();
        for at in memchr::memchr_iter(b'_', bytes) {
            if !bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
                continue;
            }
            let word = word_before(&bytes[..at], longest);
            if word.is_none_or(|word| !labels.contains(&word)) {
                continue;
            }
            let rest = bytes[at + 1..].iter().skip_while(|b| b.is_ascii_digit());
            let letters = rest
                .take(MAX_SUFFIX)
                .take_while(|b| b.is_ascii_alphabetic());
            used.insert(letters.map(u8::to_ascii_lowercase).collect::<Vec<u8>>());
        }
    }
    let mut suffix = Vec::new();
    while used.contains(&suffix) {
        advance(&mut suffix);
    }
    suffix.into_iter().map(char::from).collect()
}

/// Returns the word before a `_` in lower case, unless it is longer; Markdown may escape each `_`.
fn word_before(text: &[u8], longest: usize) -> Option<Vec<u8>> {
    let mut word = Vec::new();
    let mut at = without_backslashes(text);
    while let Some(byte) = at.checked_sub(1).map(|last| text[last]) {
        if !byte.is_ascii_alphanumeric() && byte != b'_' {
            break;
        }
        if word.len() == longest {
            return None;
        }
        word.push(byte.to_ascii_lowercase());
        at -= 1;
        if byte == b'_' {
            at = without_backslashes(&text[..at]);
        }
    }
    word.reverse();
    Some(word)
}

/// Returns the end of a text without the backslashes there that a placeholder may have.
fn without_backslashes(text: &[u8]) -> usize {
    let last = text.iter().rev().take(MAX_BACKSLASHES);
    text.len() - last.take_while(|byte| **byte == b'\\').count()
}

fn lower(bytes: &[u8]) -> Vec<u8> {
    bytes.to_ascii_lowercase()
}

/// Goes on to the next suffix; shorter ones come first.
fn advance(suffix: &mut Vec<u8>) {
    for letter in suffix.iter_mut().rev() {
        let next = LETTERS.iter().skip_while(|known| *known != letter).nth(1);
        if let Some(next) = next {
            *letter = *next;
            return;
        }
        *letter = LETTERS[0];
    }
    suffix.push(LETTERS[0]);
}

#[cfg(test)]
mod tests {
    use super::free_suffix;

    #[test]
    fn a_form_that_occurs_is_not_used() {
        for (texts, suffix) in [
            (&["no placeholder, e-mail_1, EMAIL_x, [EMAIL]"][..], ""),
            (&["[EMAIL_1]"], "x"),
            (&["see email_12"], "x"),
            (&["MYEMAIL_1, EMAIL_"], ""),
            (&["[Email_1x] and", "[EMAIL_3]"], "y"),
            (&["[EMAIL_1_2]", "API_KEY_2y"], "x"),
            (&["éEMAIL_1"], "x"),
            (&[r"\[EMAIL\_1\], API\\_KEY\\_1x"], "y"),
            (&[r"n\EMAIL_1"], "x"),
        ] {
            let labels = ["EMAIL", "API_KEY"];
            let found = free_suffix(&labels, texts.iter().copied());
            assert_eq!(found, suffix, "{texts:?}");
        }
        let all = |letters: usize| -> String {
            let mut suffix = Vec::new();
            let mut text = "EMAIL_1 ".to_owned();
            for _ in 0..letters {
                super::advance(&mut suffix);
                text.push_str("EMAIL_1");
                text.push_str(std::str::from_utf8(&suffix).unwrap());
                text.push(' ');
            }
            text
        };
        assert_eq!(free_suffix(&["EMAIL"], [&*all(26)].into_iter()), "xx");
        assert_eq!(free_suffix(&["EMAIL"], [&*all(27 * 26)].into_iter()), "xxx");
    }
}
