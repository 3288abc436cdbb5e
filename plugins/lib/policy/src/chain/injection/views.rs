//! The readings of a text.

use super::base64::{decoded_hex, decoded_runs};
use super::fold;
use crate::model::Encoding;

/// One reading.
pub(super) struct View {
    pub(super) text: String,
    /// The reading was hidden: decoded, or without the spaces between letters.
    /// Nobody hides a harmless phrase, so no allowance is made for it.
    pub(super) hidden: bool,
}

/// Most of a text that is read, in bytes; the rest is read as a text of its
/// own. Bounds the memory of one reading.
const MAX_VIEW: usize = 64 * 1024;

/// All readings of a text, without repetition.
pub(super) fn views(text: &str, encoding: &Encoding) -> Vec<View> {
    let mut found = Vec::new();
    for part in parts(text) {
        readings(part, encoding, false, &mut found);
        if encoding.decode_base64.unwrap_or(true) {
            for inner in decoded_runs(part).into_iter().chain(decoded_hex(part)) {
                readings(&inner, encoding, true, &mut found);
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

fn readings(text: &str, encoding: &Encoding, hidden: bool, found: &mut Vec<View>) {
    let normalize = encoding.normalize_unicode.unwrap_or(true);
    let base = fold_text(text, normalize);
    let mut add = |text: String, hidden: bool| {
        if found.iter().all(|view| view.text != text) {
            found.push(View { text, hidden });
        }
    };
    if encoding.detect_homoglyphs.unwrap_or(true) && !base.is_ascii() {
        add(base.chars().map(fold::look_alike).collect(), hidden);
    }
    if normalize {
        let tagged: String = text.chars().filter_map(fold::untag).collect();
        if tagged.len() >= 8 {
            add(fold_text(&tagged, true), true);
        }
        if let Some(joined) = join_spaced(text) {
            add(fold_text(&joined, true), true);
        }
        if let Some(plain) = unleet(&base) {
            add(plain, hidden);
        }
    }
    // A phrase goes on over the end of a line.
    if base.contains('\n') {
        add(base.replace('\n', " "), hidden);
    }
    add(base, hidden);
}

/// Lower case, one space for any run of white space, and with `normalize`
/// invisible characters removed and styled letters made plain.
fn fold_text(text: &str, normalize: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        if normalize && (fold::is_invisible(c) || fold::untag(c).is_some()) {
            continue;
        }
        let c = if normalize { fold::plain(c) } else { c };
        if c == '\n' && out.ends_with(' ') {
            out.pop();
            out.push('\n');
        } else if !c.is_whitespace() {
            out.push(c);
        } else if !out.ends_with([' ', '\n']) {
            out.push(if c == '\n' { '\n' } else { ' ' });
        }
    }
    out
}

/// The text without what separates single letters (`i g n o r e`, `i.g.n`),
/// when at least eight letters in a row are written so. More than one
/// separator is the space between two words.
fn join_spaced(text: &str) -> Option<String> {
    let chars: Vec<char> = text.chars().collect();
    let separates = |c: char| c.is_whitespace() || matches!(c, '.' | '-' | '_' | '*' | '/' | '|');
    let mut joined = String::new();
    let (mut longest, mut run, mut index) = (0, 0, 0);
    while index < chars.len() {
        let single = chars[index].is_alphanumeric()
            && chars.get(index + 1).is_none_or(|c| separates(*c))
            && (index == 0 || separates(chars[index - 1]));
        joined.push(chars[index]);
        index += 1;
        if single {
            run += 1;
            longest = longest.max(run);
            let gap = chars[index..].iter().take_while(|c| separates(**c)).count();
            if gap > 1 {
                joined.push(' ');
            }
            index += gap;
        } else if chars[index - 1].is_alphanumeric() {
            run = 0;
        }
    }
    (longest >= 8).then_some(joined)
}

/// The text with digits and signs inside words read as letters, when there are
/// such words.
fn unleet(text: &str) -> Option<String> {
    let mut changed = false;
    let words: Vec<String> = text
        .split(' ')
        .map(|word| {
            let letters = word.chars().filter(char::is_ascii_alphabetic).count();
            let plain: String = word.chars().map(fold::unleet).collect();
            if letters >= 2 && plain != word {
                changed = true;
                return plain;
            }
            word.to_owned()
        })
        .collect();
    changed.then(|| words.join(" "))
}
