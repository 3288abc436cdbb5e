//! Texts that a terminal shows as they are: control characters could move the cursor or
//! change settings of the terminal, and bidirectional controls reorder what is read.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Returns whether a character is a control character (C0, DEL, C1), a line or paragraph
/// separator, or a bidirectional control of Unicode.
#[must_use]
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns the text with escapes such as `\u{202e}` for unprintable characters. Tabs and
/// ends of lines are kept.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    // Most texts are ASCII and have only line feeds: those are looked at once.
    if !text
        .bytes()
        .any(|b| !matches!(b, b'\t' | b'\n' | b' '..=b'~'))
    {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\t' | '\n' => out.push(c),
            '\r' if rest.peek() == Some(&'\n') => out.push(c),
            c => push(&mut out, c),
        }
    }
    Cow::Owned(out)
}

/// Returns the text in one line: as [`printable`], with spaces for tabs and ends of lines.
#[must_use]
pub fn printable_line(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|b| !matches!(b, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' | '\n' | '\r' => out.push(' '),
            c => push(&mut out, c),
        }
    }
    Cow::Owned(out)
}

/// Returns JSON whose strings have escapes such as `\u202e` for unprintable characters; the
/// values are the same. The text must be valid JSON.
#[must_use]
pub fn printable_json(json: &str) -> Cow<'_, str> {
    let is_escaped = |c: char| is_unprintable(c) && !matches!(c, '\t' | '\n' | '\r');
    if !json.contains(is_escaped) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_escaped(c) {
            // All of them are in the basic plane.
            let _infallible = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn push(out: &mut String, c: char) {
    if is_unprintable(c) {
        out.extend(c.escape_unicode());
    } else {
        out.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::{is_unprintable, printable, printable_json, printable_line};

    /// The controls of UAX #9, and a selection of C0 and C1.
    const UNPRINTABLE: [char; 17] = [
        '\0', '\u{7}', '\u{8}', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}', '\u{61c}', '\u{200e}',
        '\u{200f}', '\u{202a}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2068}',
        '\u{2069}',
    ];

    #[test]
    fn unprintable_characters_are_escaped_and_others_are_kept() {
        for c in UNPRINTABLE {
            assert!(is_unprintable(c), "{c:?}");
            let text = format!("a{c}b");
            let escaped = format!("a\\u{{{:x}}}b", u32::from(c));
            assert_eq!(printable(&text), escaped);
            assert_eq!(printable_line(&text), escaped);
        }
        let text = "tab\tline\nnext\r\nGrüße, שלום, 你好, 👩‍💻";
        assert_eq!(printable(text), text);
        assert_eq!(printable("a\rb"), "a\\u{d}b");
        assert_eq!(printable_line("a\tb\nc\rd"), "a b c d");
    }

    #[test]
    fn json_with_escapes_has_the_same_value() {
        let value = serde_json::json!({ "a\u{202e}": UNPRINTABLE.iter().collect::<String>() });
        for json in [format!("{value}"), format!("{value:#}")] {
            let escaped = printable_json(&json);
            assert!(
                !escaped.contains(|c| is_unprintable(c) && c != '\n'),
                "{escaped}"
            );
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&escaped).unwrap(),
                value
            );
        }
        assert!(matches!(
            printable_json("{\n}"),
            std::borrow::Cow::Borrowed(_)
        ));
    }
}
