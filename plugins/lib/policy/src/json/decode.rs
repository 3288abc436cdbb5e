//! Strings of JSON: their text, and the way back to their bytes.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr;

/// Where the characters of a decoded text stand in the string it came from.
///
/// Offsets are those of the bytes between the quotes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OffsetMap {
    /// The escapes, ascending.
    escapes: Vec<Escape>,
}

/// Where an escape stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Escape {
    /// The decoded offset where it begins.
    start: usize,
    /// The decoded offset behind it.
    after: usize,
    /// The encoded offset behind it.
    encoded: usize,
}

impl OffsetMap {
    /// Returns the encoded bytes of a range of the decoded text.
    pub(crate) fn range(&self, decoded: Range<usize>) -> Range<usize> {
        self.offset(decoded.start)..self.offset(decoded.end)
    }

    /// Returns the encoded offset of a character boundary.
    fn offset(&self, decoded: usize) -> usize {
        // The last escape that ends at or before it. An escape that decodes to
        // nothing belongs to the one next to it.
        let count = self
            .escapes
            .partition_point(|escape| escape.after <= decoded);
        let Some(last) = count.checked_sub(1).and_then(|last| self.escapes.get(last)) else {
            return decoded;
        };
        // Inside an escape sequence that became several bytes: its beginning.
        let next = self.escapes.get(count);
        let decoded = next.map_or(decoded, |next| decoded.min(next.start));
        last.encoded + (decoded - last.after)
    }

    /// Adds an escape: its range in the decoded text, and its end in the encoded one.
    pub(crate) fn push(&mut self, start: usize, after: usize, encoded: usize) {
        self.escapes.push(Escape {
            start,
            after,
            encoded,
        });
    }
}

/// Decodes the bytes between the quotes of a JSON string (RFC 8259 §7). A lone
/// surrogate becomes U+FFFD.
pub(crate) fn decode(encoded: &str) -> (Cow<'_, str>, OffsetMap) {
    unescape(encoded)
}

/// Decodes the escapes of JSON where there are any and leaves everything else:
/// text that was escaped once more than its format asks for is read as it was
/// meant.
pub(crate) fn unescape(text: &str) -> (Cow<'_, str>, OffsetMap) {
    let mut map = OffsetMap::default();
    let Some(first) = memchr(b'\\', text.as_bytes()) else {
        return (Cow::Borrowed(text), map);
    };
    let mut decoded = String::with_capacity(text.len());
    decoded.push_str(&text[..first]);
    // A line of prose has about so many bytes and ends with an escape; growing copies.
    map.escapes.reserve(text.len() / 64);
    let mut at = first;
    while at < text.len() {
        let rest = &text[at..];
        if let Some((c, length)) = escape_sequence(rest) {
            let start = decoded.len();
            decoded.push(c);
            at += length;
            map.push(start, decoded.len(), at);
            continue;
        }
        // A backslash that begins no escape stands for itself.
        let next = rest.as_bytes().get(1..);
        let next = next.and_then(|rest| memchr(b'\\', rest));
        let end = next.map_or(text.len(), |next| at + 1 + next);
        decoded.push_str(&text[at..end]);
        at = end;
    }
    (Cow::Owned(decoded), map)
}

/// The character that an escape at the beginning of `text` stands for, and the
/// length of the escape.
pub(crate) fn escape_sequence(text: &str) -> Option<(char, usize)> {
    let mut bytes = text.bytes();
    if bytes.next() != Some(b'\\') {
        return None;
    }
    let c = match bytes.next()? {
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'u' => return unicode_escape(text),
        _ => return None,
    };
    Some((c, 2))
}

fn unicode_escape(text: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = text.get(at + 2..at + 6)?;
        let prefix = text.get(at..at + 2)? == "\\u";
        let valid = prefix && digits.bytes().all(|b| b.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| valid)
    };
    let first = unit(0)?;
    if let 0xd800..=0xdbff = first
        && let Some(second @ 0xdc00..=0xdfff) = unit(6)
    {
        let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return char::from_u32(code).map(|c| (c, 12));
    }
    Some((
        char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER),
        6,
    ))
}

/// Encodes a text as the bytes between the quotes of a JSON string.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            c if u32::from(c) < 0x20 => {
                escaped.push_str("\\u00");
                for digit in [u32::from(c) >> 4, u32::from(c) & 15] {
                    escaped.extend(char::from_digit(digit, 16));
                }
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{decode, escape};

    #[test]
    fn ranges_lead_back_to_the_encoded_bytes() {
        let encoded = r#"a\n\u0062\ud83d\ude00 \"c\" é\ud800z"#;
        let (text, map) = decode(encoded);
        assert_eq!(text, "a\nb\u{1f600} \"c\" é\u{fffd}z");
        let back = |part: &str| {
            let at = text.find(part).unwrap();
            &encoded[map.range(at..at + part.len())]
        };
        assert_eq!(back("a"), "a");
        assert_eq!(back("\nb"), "\\n\\u0062");
        assert_eq!(back("\u{1f600}"), "\\ud83d\\ude00");
        assert_eq!(back("\"c\""), "\\\"c\\\"");
        assert_eq!(back(" "), " ");
        assert_eq!(back("é"), "é");
        assert_eq!(back("z"), "z");
    }

    #[test]
    fn a_backslash_that_begins_no_escape_is_kept() {
        assert_eq!(decode(r"C:\dir\x \u12").0, "C:\\dir\\x \\u12");
    }

    #[test]
    fn escaped_text_decodes_to_itself() {
        let text = "a\"b\\c\n\r\t\u{1}\u{1f}é\u{1f600}";
        assert_eq!(decode(&escape(text)).0, text);
        assert_eq!(
            serde_json::to_string(text).unwrap(),
            format!("\"{}\"", escape(text))
        );
    }
}
