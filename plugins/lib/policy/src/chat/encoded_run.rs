//! Base64 and hexadecimal digits in a text, with the place of each run: a value in it is replaced
//! with the whole run encoded again.

use std::ops::Range;

use super::data_url::decode_base64;

/// Fewest characters of a run: the shortest values have seven.
const LEAST: usize = 12;

/// Fewest characters of a line of a run that goes on in the next.
const LEAST_LINE: usize = 20;

/// An encoded run of a text.
pub(super) struct EncodedRun {
    pub(super) range: Range<usize>,
    pub(super) text: String,
    /// Its digits are hexadecimal; else they are those of Base64.
    pub(super) is_hexadecimal: bool,
}

/// Returns the runs of a text that decode to a text.
pub(super) fn encoded_runs(text: &str) -> Vec<EncodedRun> {
    let bytes = text.as_bytes();
    let mut runs = Vec::new();
    let mut at = 0;
    while at + LEAST <= bytes.len() {
        // The last byte that such a run would have decides for nearly all texts.
        let last = bytes[at..at + LEAST]
            .iter()
            .rposition(|byte| !is_digit(*byte));
        if let Some(last) = last {
            at += last + 1;
            continue;
        }
        let length = bytes[at..]
            .iter()
            .take_while(|byte| is_digit(**byte))
            .count();
        let mut lines: Vec<Range<usize>> = std::iter::once(at..at + length).collect();
        while let Some(line) = next_line(bytes, lines.last()) {
            lines.push(line);
        }
        let end = lines.last().map_or(at, |line| line.end);
        let padding = bytes[end..].iter().take(2);
        let end = end + padding.take_while(|byte| **byte == b'=').count();
        if let Some(last) = lines.last_mut() {
            last.end = end;
        }
        let joined = (lines.len() > 1).then(|| {
            decode(
                &lines
                    .iter()
                    .map(|line| &text[line.clone()])
                    .collect::<String>(),
                at..end,
            )
        });
        match joined.flatten() {
            Some(run) => runs.push(run),
            None => runs.extend(
                lines
                    .into_iter()
                    .filter_map(|line| decode(&text[line.clone()], line)),
            ),
        }
        at = end;
    }
    runs
}

/// Returns the digits of the line behind one that has nothing behind them.
fn next_line(bytes: &[u8], line: Option<&Range<usize>>) -> Option<Range<usize>> {
    let line = line.filter(|line| line.len() >= LEAST_LINE)?;
    let rest = &bytes[line.end..];
    let rest = rest
        .strip_prefix(b"\r")
        .unwrap_or(rest)
        .strip_prefix(b"\n")?;
    let is_blank = |byte: &&u8| matches!(**byte, b' ' | b'\t');
    let blanks = rest.iter().take_while(is_blank).count();
    let start = bytes.len() - rest.len() + blanks;
    let digits = bytes[start..].iter().take_while(|byte| is_digit(**byte));
    let length = digits.count();
    (length > 0).then_some(start..start + length)
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

fn decode(run: &str, range: Range<usize>) -> Option<EncodedRun> {
    let bytes = run.as_bytes();
    let any = |is: fn(&u8) -> bool| bytes.iter().any(is);
    if bytes.len().is_multiple_of(2) && bytes.iter().all(u8::is_ascii_hexdigit) {
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let pairs = bytes.as_chunks::<2>().0.iter();
        let decoded =
            pairs.filter_map(|[high, low]| u8::try_from(digit(*high)? << 4 | digit(*low)?).ok());
        let text = readable(decoded.collect())?;
        return Some(EncodedRun {
            range,
            text,
            is_hexadecimal: true,
        });
    }
    // Words of languages have no capitals or digits inside.
    if !any(u8::is_ascii_uppercase) || !any(u8::is_ascii_lowercase) {
        return None;
    }
    let text = readable(decode_base64(run)?)?;
    Some(EncodedRun {
        range,
        text,
        is_hexadecimal: false,
    })
}

/// A text without characters that texts do not have.
fn readable(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(bytes).ok()?;
    let odd = |c: char| c.is_control() && !c.is_whitespace();
    (!text.contains(odd)).then_some(text)
}

/// Encodes a text as hexadecimal digits.
pub(super) fn encode_hexadecimal(text: &str) -> String {
    let digits = text.bytes().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{encode_hexadecimal, encoded_runs};

    #[test]
    fn runs_are_decoded_where_they_stand() {
        let hex = encode_hexadecimal("bob@example.com");
        let text = format!("see Ym9iQGV4YW1wbGUuY29t, {hex} and /r/Ym9iQGV4YW1wbGUuY29tIA==");
        let runs = encoded_runs(&text);
        let texts: Vec<&str> = runs.iter().map(|run| run.text.trim()).collect();
        assert_eq!(texts[..2], ["bob@example.com"; 2]);
        assert_eq!(&text[runs[0].range.clone()], "Ym9iQGV4YW1wbGUuY29t");
        let lines = "note: c29tZSB3b3JkcyBiZWZvcmUgYm9i\r\n  QGV4YW1wbGUuY29tIGFuZCBiZWhpbmQ=\nEnd";
        let runs = encoded_runs(lines);
        assert_eq!(runs[0].text, "some words before bob@example.com and behind");
        assert!(lines[runs[0].range.clone()].ends_with('='));
        for text in [
            "",
            "getElementById internationalization RESPONSIBILITIES",
            "d2a84f4b8b650937ec8f73cd8be2c74add5a911ba64df27458ed8229da804a26",
        ] {
            assert!(encoded_runs(text).is_empty(), "{text}");
        }
    }
}
