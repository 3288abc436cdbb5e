//! The text of `data:` URLs (RFC 2397).

use std::borrow::Cow;

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::encoding::percent_decode;
use crate::json::OffsetMap;

/// Base64 (RFC 4648 §4), with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The text of a URL.
pub(super) enum DataText {
    Base64 {
        text: String,
        /// Where the encoded text begins in the URL.
        start: usize,
    },
    Percent {
        text: String,
        start: usize,
        /// The way back to the encoded text.
        map: OffsetMap,
    },
}

/// Decodes the URL of a text. Without an escape in it there is nothing to decode.
pub(super) fn decode(url: &str) -> Option<DataText> {
    const SCHEME: &str = "data:";
    let scheme = url.get(..SCHEME.len())?;
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return None;
    }
    let start = url.find(',')? + 1;
    let head = url[SCHEME.len()..start - 1].to_ascii_lowercase();
    let data = &url[start..];
    if let Some(head) = head.strip_suffix(";base64") {
        // Decoders ignore escapes around the alphabet: `%3D` is the padding.
        let data = percent_decode(data).map_or(Cow::Borrowed(data), |(data, _)| data.into());
        let data: String = data.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let text = text_of(decode_base64(&data)?, is_text(head))?;
        return Some(DataText::Base64 { text, start });
    }
    let (text, map) = is_text(&head).then(|| percent_decode(data))??;
    Some(DataText::Percent { text, start, map })
}

/// Whether a media type is one of text; without any it is `text/plain`.
fn is_text(head: &str) -> bool {
    head.starts_with("text/")
        || head.is_empty()
        || head.starts_with(';')
        || ["json", "xml", "yaml"].iter().any(|t| head.contains(t))
}

/// Returns the text of bytes: of UTF-8, of UTF-16, and if the media type says that they are text, of
/// an encoding with a byte for each character, of which only ASCII is right.
fn text_of(bytes: Vec<u8>, says_text: bool) -> Option<String> {
    let pairs = bytes.as_chunks::<2>().0;
    let zeros = |at: usize| pairs.iter().filter(|pair| pair[at] == 0).count() * 2 > pairs.len();
    let units = |from: fn([u8; 2]) -> u16| -> Vec<u16> { pairs.iter().map(|p| from(*p)).collect() };
    let units = match bytes.as_slice() {
        [0xff, 0xfe, ..] => Some(units(u16::from_le_bytes)),
        [0xfe, 0xff, ..] => Some(units(u16::from_be_bytes)),
        _ if zeros(1) => Some(units(u16::from_le_bytes)),
        _ if zeros(0) => Some(units(u16::from_be_bytes)),
        _ => None,
    };
    if let Some(units) = units {
        return String::from_utf16(&units)
            .ok()
            .filter(|text| is_plain(text));
    }
    match String::from_utf8(bytes) {
        Ok(text) => (says_text || is_plain(&text)).then_some(text),
        Err(error) => says_text.then(|| error.as_bytes().iter().map(|b| char::from(*b)).collect()),
    }
}

/// Whether a text has only what texts have.
fn is_plain(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() && !c.is_whitespace())
}

/// Whether bytes in Base64 begin as a text, whatever else they are said to be.
pub(super) fn begins_as_text(encoded: &str) -> bool {
    const BYTES: usize = 48;
    let first = encoded.get(..encoded.len().min(BYTES / 3 * 4));
    let Some(mut bytes) = first.and_then(decode_base64) else {
        return false;
    };
    // A character may be cut.
    if let Err(error) = std::str::from_utf8(&bytes)
        && error.error_len().is_none()
    {
        bytes.truncate(error.valid_up_to());
    }
    std::str::from_utf8(&bytes).is_ok_and(is_plain)
}

/// Decodes Base64 of either alphabet (RFC 4648 §4 and §5).
pub(super) fn decode_base64(encoded: &str) -> Option<Vec<u8>> {
    if encoded.contains(['-', '_']) {
        return BASE64
            .decode(encoded.replace('-', "+").replace('_', "/"))
            .ok();
    }
    BASE64.decode(encoded).ok()
}

/// Encodes a text as base64.
pub(super) fn encode_base64(text: &str) -> String {
    BASE64.encode(text)
}

/// Encodes everything but the unreserved characters of RFC 3986.
pub(super) fn encode_percent(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
            continue;
        }
        encoded.push('%');
        for digit in [byte >> 4, byte & 15] {
            encoded.extend(char::from_digit(u32::from(digit), 16).map(|d| d.to_ascii_uppercase()));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::{DataText, decode, encode_percent};

    fn text_of(url: &str) -> Option<String> {
        decode(url).map(|data| match data {
            DataText::Base64 { text, .. } | DataText::Percent { text, .. } => text,
        })
    }

    #[test]
    fn only_encoded_urls_of_texts_are_decoded() {
        for (url, text) in [
            ("data:text/plain,a%20b", Some("a b")),
            ("DATA:Text/Plain;charset=utf-8,%C3%A9%zz%4", Some("é%zz%4")),
            ("data:,%e2%82%acx%ff", Some("€x\u{fffd}")),
            ("data:;charset=utf-8,a%0Ab", Some("a\nb")),
            ("data:application/json,%7B%7D", Some("{}")),
            ("data:text/plain;base64,YWI=", Some("ab")),
            ("data:text/plain;charset=utf-8;base64,YWI%3D", Some("ab")),
            ("data:text/plain;base64,YW\nI=", Some("ab")),
            ("data:application/octet-stream;base64,YWI=", Some("ab")),
            ("data:application/octet-stream;base64,YWIA", None),
            ("data:text/plain;charset=utf-16;base64,YQBiAA==", Some("ab")),
            (
                "data:text/plain;charset=utf-16;base64,/v8AYQBi",
                Some("\u{feff}ab"),
            ),
            ("data:text/plain;charset=latin1;base64,6WI=", Some("éb")),
            ("data:text/plain,ab", None),
            ("data:image/png,%00", None),
            ("data:image/png;base64,iVBORw0KGgo=", None),
            ("data:text/plain", None),
            ("date:text/plain,%20", None),
            ("é", None),
        ] {
            assert_eq!(text_of(url).as_deref(), text, "{url}");
        }
        assert_eq!(encode_percent("[é~\n]"), "%5B%C3%A9~%0A%5D");
    }
}
