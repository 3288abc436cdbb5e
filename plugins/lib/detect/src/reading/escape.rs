//! Percent encoding, entities of HTML, and escapes of strings.

use memchr::memchr;

/// The value of a hexadecimal digit.
pub(super) fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// The number that exactly `count` hexadecimal digits at `at` write.
pub(super) fn hex_number(text: &[u8], at: usize, count: usize) -> Option<u32> {
    let digits = text.get(at..at + count)?;
    digits
        .iter()
        .try_fold(0, |value, digit| Some(value << 4 | u32::from(hex(*digit)?)))
}

/// The text with `%41` as `A`.
pub(super) fn percent(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let run = memchr(b'%', &bytes[at..]).unwrap_or(bytes.len() - at);
        out.extend_from_slice(&bytes[at..at + run]);
        at += run;
        if at == bytes.len() {
            break;
        }
        let value = hex_number(bytes, at + 1, 2).and_then(|value| u8::try_from(value).ok());
        out.push(value.unwrap_or(b'%'));
        at += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
}

/// Longest entity that is read, with its signs.
const LONGEST_ENTITY: usize = 12;

/// The text with `&#65;` and the entities of XML as their characters.
pub(super) fn entities(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(run) = memchr(b'&', &bytes[at..]) {
        out.push_str(&text[at..at + run]);
        at += run;
        let head = &bytes[at..bytes.len().min(at + LONGEST_ENTITY)];
        let entity = head
            .iter()
            .position(|byte| *byte == b';')
            .and_then(|end| Some((end, entity(text.get(at + 1..at + end)?)?)));
        if let Some((end, c)) = entity {
            out.push(c);
            at += end + 1;
        } else {
            out.push('&');
            at += 1;
        }
    }
    out.push_str(&text[at..]);
    out
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let value = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        return value.ok().and_then(char::from_u32);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        _ => return None,
    })
}

/// The text with `\u0041`, `\x41`, `\U00000041` and the short escapes as their
/// characters.
pub(super) fn escapes(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    let mut high = None;
    while let Some(run) = memchr(b'\\', &bytes[at..]) {
        out.push_str(&text[at..at + run]);
        at += run;
        let count = match bytes.get(at + 1) {
            Some(b'u') => 4,
            Some(b'x') => 2,
            Some(b'U') => 8,
            _ => 0,
        };
        if let Some(value) = hex_number(bytes, at + 2, count).filter(|_| count > 0) {
            at += 2 + count;
            if (0xd800..0xdc00).contains(&value) {
                high = Some(value - 0xd800);
                continue;
            }
            let value = match high.take() {
                Some(high) if (0xdc00..0xe000).contains(&value) => {
                    0x10000 + (high << 10) + (value - 0xdc00)
                }
                _ => value,
            };
            out.push(char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER));
            continue;
        }
        let c = match bytes.get(at + 1) {
            Some(b'n' | b'r') => '\n',
            Some(b't') => '\t',
            Some(sign @ (b'"' | b'\\' | b'/')) => char::from(*sign),
            _ => {
                out.push('\\');
                at += 1;
                continue;
            }
        };
        out.push(c);
        at += 2;
    }
    out.push_str(&text[at..]);
    out
}
