//! Escapes of URLs and of HTML in texts, with the way back to the encoded text.

use memchr::memchr;

use crate::json::OffsetMap;

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

/// Decodes the escapes of bytes; `None` if there are none. Bytes that are not UTF-8 become
/// U+FFFD.
pub(super) fn percent_decode(encoded: &str) -> Option<(String, OffsetMap)> {
    let mut map = OffsetMap::default();
    let mut decoded = String::new();
    let mut at = 0;
    let mut copied = 0;
    while let Some(next) = memchr(b'%', &encoded.as_bytes()[at..]) {
        at += next;
        let Some(first) = byte_at(encoded, at) else {
            at += 1;
            continue;
        };
        decoded.push_str(&encoded[copied..at]);
        let length = match first {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 1,
        };
        let bytes: Option<Vec<u8>> = (0..length)
            .map(|n| byte_at(encoded, at + n * BYTE_ESCAPE))
            .collect();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let start = decoded.len();
        at += BYTE_ESCAPE * text.as_ref().map_or(1, |_| length);
        decoded.push_str(text.as_deref().unwrap_or("\u{fffd}"));
        map.push(start, decoded.len(), at);
        copied = at;
    }
    // Nearly all texts have none, and are not copied.
    (copied > 0).then(|| {
        decoded.push_str(&encoded[copied..]);
        (decoded, map)
    })
}

fn byte_at(encoded: &str, at: usize) -> Option<u8> {
    let digits = encoded.get(at..at + BYTE_ESCAPE)?.strip_prefix('%')?;
    let is_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
    u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)
}

/// Decodes the entities of HTML; `None` if none is part of a value.
pub(super) fn entity_decode(encoded: &str) -> Option<(String, OffsetMap)> {
    let mut map = OffsetMap::default();
    let mut decoded = String::new();
    let mut at = 0;
    let mut copied = 0;
    while let Some(next) = memchr(b'&', &encoded.as_bytes()[at..]) {
        at += next;
        let Some((length, c)) = entity(&encoded[at..]) else {
            at += 1;
            continue;
        };
        decoded.push_str(&encoded[copied..at]);
        let start = decoded.len();
        decoded.push(c);
        at += length;
        map.push(start, decoded.len(), at);
        copied = at;
    }
    // Nearly all texts have none, and are not copied.
    (copied > 0).then(|| {
        decoded.push_str(&encoded[copied..]);
        (decoded, map)
    })
}

/// Reads the entity at the beginning of a text: its length, and its character.
fn entity(text: &str) -> Option<(usize, char)> {
    let head = text.as_bytes().get(..text.len().min(LONGEST_ENTITY))?;
    let end = head.iter().position(|byte| *byte == b';')?;
    let name = text.get(1..end)?;
    let c = match name.strip_prefix('#') {
        Some(number) => {
            let value = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(value.ok()?)?
        }
        None => NAMED.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((end + 1, c))
}

#[cfg(test)]
mod tests {
    use super::{entity_decode, percent_decode};

    #[test]
    fn only_what_can_be_inside_a_value_is_decoded() {
        let entities = |text| entity_decode(text).map(|(text, _)| text);
        for (text, expected) in [
            ("bob&#64;example&period;com", Some("bob@example.com")),
            ("a&#x40;b &lt;i&gt;", Some("a@b &lt;i&gt;")),
            ("&#1114112; &#x; &; &commat", None),
            ("a &lt; b &amp;&amp; c", None),
            ("&é;&#65;", Some("&é;A")),
        ] {
            assert_eq!(entities(text).as_deref(), expected, "{text}");
        }
        let (text, map) = entity_decode("mail bob&commat;b.org now").unwrap();
        assert_eq!(text, "mail bob@b.org now");
        assert_eq!(map.range(5..14), 5..21);
        assert!(percent_decode("100 % of 50%").is_none());
    }
}
