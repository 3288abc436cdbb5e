//! Parsing documents that are forwarded as they came.

use serde_json::Value;

/// Where the halves of pairs of UTF-16 surrogates are kept: the last private characters of
/// Unicode, which no font defines.
const HALVES: u32 = 0x10_f800;
/// The first of the surrogates.
const FIRST_HALF: u32 = 0xd800;

/// Parses a document. The halves of pairs of UTF-16 surrogates, which are valid in JSON and
/// between which some servers split a text, are read as U+FFFD, and numbers out of the range
/// of a double as 0.
///
/// # Errors
/// When the document is not JSON.
pub(super) fn parse(text: &str) -> serde_json::Result<Value> {
    serde_json::from_str(text).or_else(|error| match readable(text, None) {
        Some(text) => serde_json::from_str(&text),
        None => Err(error),
    })
}

/// Parses a document, a part of whose texts may be written again: as [`parse`], but keeps the
/// halves, for [`with_halves`]. Returns also whether it has any.
///
/// # Errors
/// When the document is not JSON.
pub(super) fn parse_with_halves(text: &str) -> serde_json::Result<(Value, bool)> {
    match serde_json::from_str(text) {
        Ok(value) => Ok((value, false)),
        Err(error) => {
            let text = readable(text, Some(HALVES)).ok_or(error)?;
            let has_halves = text.contains(is_half);
            Ok((serde_json::from_str(&text)?, has_halves))
        }
    }
}

/// Returns a document with the halves that were kept as the escapes that they came as.
pub(super) fn with_halves(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for c in text.chars() {
        if is_half(c) {
            let unit = u32::from(c) - HALVES + FIRST_HALF;
            result.push_str("\\u");
            for shift in [12, 8, 4, 0] {
                result.extend(char::from_digit(unit >> shift & 15, 16));
            }
        } else {
            result.push(c);
        }
    }
    result
}

fn is_half(c: char) -> bool {
    (HALVES..HALVES + 0x800).contains(&u32::from(c))
}

/// Returns a document that the parser reads: without lone surrogates, which become the
/// characters from `halves` on, or U+FFFD, and without numbers out of range; `None` if it has
/// neither.
fn readable(text: &str, halves: Option<u32>) -> Option<String> {
    let bytes = text.as_bytes();
    let mut result = String::new();
    let (mut at, mut copied) = (0, 0);
    let mut in_string = false;
    while let Some(byte) = bytes.get(at) {
        let (length, replacement) = match byte {
            b'\\' => escape(text, at, halves),
            b'"' => {
                in_string = !in_string;
                (1, None)
            }
            b'-' | b'0'..=b'9' if !in_string => number(&text[at..]),
            _ => (1, None),
        };
        if let Some(replacement) = replacement {
            result.push_str(&text[copied..at]);
            result.push(replacement);
            copied = at + length;
        }
        at += length;
    }
    (copied > 0).then(|| result + &text[copied..])
}

/// The length of an escape, and what is read instead of it.
fn escape(text: &str, at: usize, halves: Option<u32>) -> (usize, Option<char>) {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(digits, 16).ok()
    };
    match unit(at) {
        Some(0xd800..=0xdbff) if matches!(unit(at + 6), Some(0xdc00..=0xdfff)) => (12, None),
        Some(half @ 0xd800..=0xdfff) => {
            let kept = halves.and_then(|first| char::from_u32(first + half - FIRST_HALF));
            (6, Some(kept.unwrap_or(char::REPLACEMENT_CHARACTER)))
        }
        _ => (2, None),
    }
}

/// The length of a number, and what is read instead of it.
fn number(text: &str) -> (usize, Option<char>) {
    let digits = text.bytes();
    let length = digits
        .take_while(|b| b.is_ascii_digit() || b"+-.eE".contains(b))
        .count();
    let is_huge = |number: f64| number.is_infinite();
    let is_json = kt_policy::json::is_number(&text[..length]);
    let is_out_of_range = is_json && text[..length].parse().is_ok_and(is_huge);
    (length, is_out_of_range.then_some('0'))
}

#[cfg(test)]
mod tests {
    use super::{parse, parse_with_halves, readable, with_halves};

    #[test]
    fn only_lone_surrogates_and_huge_numbers_are_replaced() {
        for text in [
            r#"["\ud83d\ude00 \\ud800 \u0041", 1e308, -1.5e-400, "1e400 \" 1e400"]"#,
            "[]",
            "\\",
            r"\u12",
            r"\é",
            "1e+-400",
        ] {
            assert_eq!(readable(text, None), None, "{text}");
        }
        let text = r#"["\ud83d\ud83d\ude00\ude00\\\uDBFF",-1e400,{"a":1e999}]"#;
        let replaced = "[\"\u{fffd}\\ud83d\\ude00\u{fffd}\\\\\u{fffd}\",0,{\"a\":0}]";
        assert_eq!(readable(text, None).as_deref(), Some(replaced));
        assert_eq!(
            parse(text).unwrap()[0],
            "\u{fffd}\u{1f600}\u{fffd}\\\u{fffd}"
        );
        parse(r#"["\ud83d", 1e+-400]"#).unwrap_err();
    }

    #[test]
    fn halves_are_written_as_they_came() {
        let (value, has_halves) = parse_with_halves(r#"{"a":"x\ud83d\udc00y\udfff"}"#).unwrap();
        assert!(has_halves);
        assert_eq!(
            with_halves(&value.to_string()),
            "{\"a\":\"x\u{1f400}y\\udfff\"}"
        );
        let (_, has_halves) = parse_with_halves(r#"["\ud83d\udc00", 1e400]"#).unwrap();
        assert!(!has_halves);
    }
}
