//! Percent encoding, entities of HTML, and escapes of strings.

use memchr::{memchr3, memchr3_iter};

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

/// Fewest escapes of one kind for which a text is decoded.
const LEAST: usize = 3;
/// How often what was decoded is decoded again.
const ROUNDS: usize = 3;

/// The text without percent encoding, entities and escapes of strings, if it has several of one
/// kind: one text may have them mixed, or one within another.
pub(super) fn unescaped(text: &str) -> Option<String> {
    if !has_escapes(text.as_bytes()) {
        return None;
    }
    let mut decoded = unescape(text);
    for _ in 1..ROUNDS {
        if !has_escapes(decoded.as_bytes()) {
            break;
        }
        decoded = unescape(&decoded);
    }
    Some(decoded)
}

fn has_escapes(text: &[u8]) -> bool {
    let (mut percents, mut ampersands, mut backslashes) = (0, 0, 0);
    for at in memchr3_iter(b'%', b'&', b'\\', text) {
        match text[at] {
            b'%' => percents += usize::from(hex_number(text, at + 1, 2).is_some()),
            b'&' => ampersands += 1,
            _ => {
                let kind = text.get(at + 1);
                let known = matches!(kind, Some(b'u' | b'U' | b'x' | b'n' | b't' | b'"'));
                backslashes += usize::from(known);
            }
        }
        if percents >= LEAST || ampersands >= LEAST || backslashes >= LEAST {
            return true;
        }
    }
    false
}

/// The text with `%41`, `&#65;`, the entities of XML, `\u0041`, `\x41`, `\U00000041` and the short
/// escapes as their characters.
fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut high = None;
    let (mut at, mut copied) = (0, 0);
    while let Some(run) = memchr3(b'%', b'&', b'\\', &bytes[at..]) {
        at += run;
        let (length, c) = match bytes[at] {
            b'%' => match hex_number(bytes, at + 1, 2).and_then(|value| u8::try_from(value).ok()) {
                Some(byte) => {
                    out.extend_from_slice(&bytes[copied..at]);
                    out.push(byte);
                    at += 3;
                    copied = at;
                    continue;
                }
                None => (1, None),
            },
            b'&' => entity_at(text, at).map_or((1, None), |(length, c)| (length, Some(c))),
            _ => escape(bytes, at, &mut high),
        };
        if length > 1 {
            out.extend_from_slice(&bytes[copied..at]);
            if let Some(c) = c {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            copied = at + length;
        }
        at += length;
    }
    out.extend_from_slice(&bytes[copied..]);
    String::from_utf8(out).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
}

/// Longest entity that is read, with its signs.
const LONGEST_ENTITY: usize = 12;

/// The length of the entity at a place of a text, and its character.
fn entity_at(text: &str, at: usize) -> Option<(usize, char)> {
    let bytes = text.as_bytes();
    // Browsers read numbers without the sign behind them.
    if bytes.get(at + 1) == Some(&b'#') {
        let hex = matches!(bytes.get(at + 2), Some(b'x' | b'X'));
        let start = at + 2 + usize::from(hex);
        let is_digit = |byte: &&u8| match hex {
            true => byte.is_ascii_hexdigit(),
            false => byte.is_ascii_digit(),
        };
        let digits = bytes[start..]
            .iter()
            .take(LONGEST_ENTITY)
            .take_while(is_digit);
        let end = start + digits.count();
        let base = if hex { 16 } else { 10 };
        let value = u32::from_str_radix(text.get(start..end)?, base).ok()?;
        let ends = usize::from(bytes.get(end) == Some(&b';'));
        return Some((end + ends - at, char::from_u32(value)?));
    }
    let head = &bytes[at..bytes.len().min(at + LONGEST_ENTITY)];
    let end = head.iter().position(|byte| *byte == b';')?;
    Some((end + 1, entity(text.get(at + 1..at + end)?)?))
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" | "Tab" | "ensp" | "emsp" | "thinsp" => ' ',
        "NewLine" => '\n',
        "commat" => '@',
        "period" => '.',
        "comma" => ',',
        "plus" => '+',
        "hyphen" | "dash" => '-',
        "colon" => ':',
        "sol" => '/',
        "num" => '#',
        "lowbar" => '_',
        // They show nothing.
        "shy" | "zwj" | "zwnj" => '\u{200b}',
        _ => return None,
    })
}

/// The length of the escape at a place of a text, and its character; the first half of a pair of
/// surrogates has none.
fn escape(bytes: &[u8], at: usize, high: &mut Option<u32>) -> (usize, Option<char>) {
    let count = match bytes.get(at + 1) {
        Some(b'u') => 4,
        Some(b'x') => 2,
        Some(b'U') => 8,
        Some(b'n' | b'r') => return (2, Some('\n')),
        Some(b't') => return (2, Some('\t')),
        Some(sign @ (b'"' | b'\\' | b'/')) => return (2, Some(char::from(*sign))),
        _ => return (1, None),
    };
    let Some(value) = hex_number(bytes, at + 2, count) else {
        return (1, None);
    };
    let length = 2 + count;
    if (0xd800..0xdc00).contains(&value) {
        *high = Some(value - 0xd800);
        return (length, None);
    }
    let value = match high.take() {
        Some(high) if (0xdc00..0xe000).contains(&value) => {
            0x10000 + (high << 10) + (value - 0xdc00)
        }
        _ => value,
    };
    let c = char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER);
    (length, Some(c))
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn escapes_are_read_mixed_and_within_each_other() {
        for (text, plain) in [
            (
                "%69gnore&#32;all%20the\\u0020rules%21",
                "ignore all the rules!",
            ),
            ("%2569%2567%256e", "ign"),
            ("&amp;#105;&amp;#103;&amp;#110;", "ign"),
            ("\\\\u0069\\\\u0067\\\\u006e", "ign"),
            ("\\ud83d\\ude00\\ud83d\\ude00", "😀😀"),
            ("&#0105&#x67&#110;", "ign"),
            ("%c3%a9t%C3%A9 %ff%", "été \u{fffd}%"),
            (
                "ig&shy;no&ZeroWidth;re&zwnj;",
                "ig\u{200b}no&ZeroWidth;re\u{200b}",
            ),
        ] {
            assert_eq!(unescaped(text).as_deref(), Some(plain), "{text}");
        }
        for text in [
            "",
            "50% of 100%, R&D, a\\b",
            "one%20two&#32;three\\n",
            "é&é\\é",
        ] {
            assert_eq!(unescaped(text), None, "{text}");
        }
    }
}
