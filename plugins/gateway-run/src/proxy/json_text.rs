//! Parsing documents that are forwarded as they came.

use serde_json::Value;

/// Parses a document. The halves of pairs of UTF-16 surrogates, which are valid in JSON and
/// between which some servers split a text, are read as U+FFFD.
///
/// # Errors
/// When the document is not JSON, or has a number out of the range of a double.
pub(super) fn parse(text: &str) -> serde_json::Result<Value> {
    serde_json::from_str(text).or_else(|error| match without_halves(text) {
        Some(text) => serde_json::from_str(&text),
        None => Err(error),
    })
}

/// Returns a document without lone surrogates; `None` if it has none.
fn without_halves(text: &str) -> Option<String> {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut result = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(next) = text.get(at..).and_then(|rest| rest.find('\\')) {
        at += next;
        let is_pair = || matches!(unit(at + 6), Some(0xdc00..=0xdfff));
        match unit(at) {
            Some(0xd800..=0xdbff) if is_pair() => at += 12,
            Some(0xd800..=0xdfff) => {
                result.push_str(&text[copied..at]);
                result.push_str("\\ufffd");
                at += 6;
                copied = at;
            }
            _ => at += 2,
        }
    }
    (copied > 0).then(|| result + &text[copied..])
}

#[cfg(test)]
mod tests {
    use super::{parse, without_halves};

    #[test]
    fn only_lone_surrogates_are_replaced() {
        for text in [
            r#"["\ud83d\ude00 \\ud800 \u0041"]"#,
            "[]",
            "\\",
            r"\u12",
            r"\é",
        ] {
            assert_eq!(without_halves(text), None, "{text}");
        }
        let text = r#"["\ud83d\ud83d\ude00\ude00\\\uDBFF"]"#;
        let replaced = r#"["\ufffd\ud83d\ude00\ufffd\\\ufffd"]"#;
        assert_eq!(without_halves(text).as_deref(), Some(replaced));
        assert_eq!(
            parse(text).unwrap()[0],
            "\u{fffd}\u{1f600}\u{fffd}\\\u{fffd}"
        );
        let error = parse(r#"["\ud83d", 1e400]"#).unwrap_err().to_string();
        assert!(error.contains("out of range"), "{error}");
    }
}
