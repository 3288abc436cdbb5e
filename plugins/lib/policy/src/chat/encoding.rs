//! Escapes of URLs and of HTML in texts, with the way back to the encoded text.

use memchr::memchr3;

use crate::json::{OffsetMap, escape_sequence as json_escape};

/// The length of an escape of one byte, `%XX`.
const BYTE_ESCAPE: usize = 3;
/// The longest entity that is read, with its signs.
const LONGEST_ENTITY: usize = 12;
/// The named entities that values have inside. Those of markup itself, such as `&lt;`, are none.
const NAMED: [(&str, char); 11] = [
    ("nbsp", ' '),
    ("commat", '@'),
    ("period", '.'),
    ("plus", '+'),
    ("hyphen", '-'),
    ("dash", '-'),
    ("colon", ':'),
    ("sol", '/'),
    ("num", '#'),
    ("lowbar", '_'),
    ("Tab", '\t'),
];

/// A text without its escapes.
pub(super) struct Decoded {
    pub(super) text: String,
    pub(super) map: OffsetMap,
    /// How many escapes it had that decode to more than a sign of their own format.
    pub(super) escapes: usize,
}

/// Decodes the escapes of JSON, of URLs and of HTML: one text may have several kinds, even within
/// one value. `None` if there are none.
pub(super) fn decode_escapes(encoded: &str) -> Option<Decoded> {
    decode_with(encoded, |encoded, at| match encoded.as_bytes()[at] {
        b'%' => percent(encoded, at),
        b'&' => entity(&encoded[at..]),
        _ => json_escape(&encoded[at..])
            .map(|(c, length)| (length, c))
            .or_else(|| string_escape(&encoded[at..])),
    })
}

/// Reads an escape of other languages than JSON: `\x41`, `\u{41}`, `\U00000041`.
fn string_escape(text: &str) -> Option<(usize, char)> {
    let rest = text.get(1..)?;
    let number = |digits: &str, base| {
        let is_number = digits.chars().all(|c| c.is_digit(base));
        let value = u32::from_str_radix(digits, base).ok().filter(|_| is_number);
        value.and_then(char::from_u32)
    };
    if let Some(digits) = rest.strip_prefix("u{") {
        let end = digits.bytes().take(8).position(|byte| byte == b'}')?;
        return Some((end + 4, number(&digits[..end], 16)?));
    }
    match rest.bytes().next()? {
        b'x' => Some((4, number(rest.get(1..3)?, 16)?)),
        b'U' => Some((10, number(rest.get(1..9)?, 16)?)),
        _ => None,
    }
}

/// Decodes the escapes of bytes; `None` if there are none. Bytes that are not UTF-8 become
/// U+FFFD.
pub(super) fn percent_decode(encoded: &str) -> Option<(String, OffsetMap)> {
    let decoded = decode_with(encoded, |encoded, at| match encoded.as_bytes()[at] {
        b'%' => percent(encoded, at),
        _ => None,
    })?;
    Some((decoded.text, decoded.map))
}

/// Decodes what `read` reads at each sign that begins an escape: its length, and its character.
fn decode_with(
    encoded: &str,
    read: impl Fn(&str, usize) -> Option<(usize, char)>,
) -> Option<Decoded> {
    let bytes = encoded.as_bytes();
    let mut map = OffsetMap::default();
    let mut text = String::new();
    let (mut at, mut copied, mut escapes) = (0, 0, 0);
    while let Some(next) = memchr3(b'%', b'&', b'\\', &bytes[at..]) {
        at += next;
        let Some((length, c)) = read(encoded, at) else {
            at += 1;
            continue;
        };
        if text.is_empty() {
            text.reserve(encoded.len());
        }
        text.push_str(&encoded[copied..at]);
        let start = text.len();
        text.push(c);
        escapes += usize::from(!matches!(c, '/' | '\\' | '\u{8}' | '\u{c}' | '\r'));
        at += length;
        map.push(start, text.len(), at);
        copied = at;
    }
    // Nearly all texts have none, and are not copied.
    (copied > 0).then(|| {
        text.push_str(&encoded[copied..]);
        Decoded { text, map, escapes }
    })
}

/// Reads the escapes of the bytes of one character.
fn percent(encoded: &str, at: usize) -> Option<(usize, char)> {
    let first = byte_at(encoded, at)?;
    let length = match first {
        0x00..=0x7f => return Some((BYTE_ESCAPE, char::from(first))),
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    let mut bytes = [0; 4];
    let mut read = bytes.iter_mut().take(length).enumerate();
    let is_escaped = read.all(|(n, byte)| {
        let value = byte_at(encoded, at + n * BYTE_ESCAPE);
        *byte = value.unwrap_or_default();
        value.is_some()
    });
    let text = std::str::from_utf8(&bytes[..length]).ok();
    let c = text
        .filter(|_| is_escaped)
        .and_then(|text| text.chars().next());
    Some(match c {
        Some(c) => (BYTE_ESCAPE * length, c),
        None => (BYTE_ESCAPE, char::REPLACEMENT_CHARACTER),
    })
}

fn byte_at(encoded: &str, at: usize) -> Option<u8> {
    let digit = |at: usize| {
        let digit = char::from(*encoded.as_bytes().get(at)?).to_digit(16)?;
        u8::try_from(digit).ok()
    };
    (encoded.as_bytes().get(at) == Some(&b'%'))
        .then(|| Some(digit(at + 1)? << 4 | digit(at + 2)?))?
}

/// Reads the entity at the beginning of a text: its length, and its character. Browsers read numbers
/// without the sign behind them.
fn entity(text: &str) -> Option<(usize, char)> {
    if let Some(number) = text.strip_prefix("&#") {
        let (digits, base) = match number.strip_prefix(['x', 'X']) {
            Some(digits) => (digits, 16),
            None => (number, 10),
        };
        let is_digit = |byte: &u8| char::from(*byte).is_digit(base);
        let digits = digits
            .bytes()
            .take(LONGEST_ENTITY)
            .take_while(is_digit)
            .count();
        let start = 2 + usize::from(base == 16);
        let end = start + digits;
        let value = u32::from_str_radix(text.get(start..end)?, base).ok()?;
        let ends = usize::from(text.as_bytes().get(end) == Some(&b';'));
        return Some((end + ends, char::from_u32(value)?));
    }
    let head = text.as_bytes().get(..text.len().min(LONGEST_ENTITY))?;
    let end = head.iter().position(|byte| *byte == b';')?;
    let name = text.get(1..end)?;
    Some((end + 1, NAMED.iter().find(|(known, _)| *known == name)?.1))
}

#[cfg(test)]
mod tests {
    use super::{decode_escapes, percent_decode};

    #[test]
    fn only_what_can_be_inside_a_value_is_decoded() {
        let entities = |text| decode_escapes(text).map(|decoded| decoded.text);
        for (text, expected) in [
            ("bob&#64;example&period;com", Some("bob@example.com")),
            ("a&#x40;b &lt;i&gt;", Some("a@b &lt;i&gt;")),
            ("&#1114112; &#x; &; &commat", None),
            ("a &lt; b &amp;&amp; c", None),
            ("&é;&#65;", Some("&é;A")),
            ("&#0097&#x40&#98 &#", Some("a@b &#")),
            (
                "\\x61\\u{40}b\\U0000002e \\8\\x4\\u{}",
                Some("a@b. \\8\\x4\\u{}"),
            ),
        ] {
            assert_eq!(entities(text).as_deref(), expected, "{text}");
        }
        let decoded = decode_escapes("mail bob&commat;b%2eorg\\u0020now").unwrap();
        assert_eq!(decoded.text, "mail bob@b.org now");
        assert_eq!(decoded.map.range(5..14), 5..23);
        assert_eq!(decoded.escapes, 3);
        assert!(percent_decode("100 % of 50%").is_none());
    }
}
