//! What decided about the texts of a test case, for people.

use serde_json::Value;
use std::fmt::Write as _;

/// Formats what decided about a case: a line for each finding, or that there was none.
pub(super) fn format(case: &str, explanations: &Value) -> String {
    // A control character in the name could forge lines.
    let mut text = format!("case `{}`\n", case.escape_debug());
    let all = explanations
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if all.is_empty() {
        text.push_str("  nothing was found in its texts\n");
    }
    for one in all {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {}", line(one));
    }
    text
}

fn line(explanation: &Value) -> String {
    let field = |key: &str| explanation[key].as_str().unwrap_or_default();
    let mut line = field("phase").to_owned();
    if let Some(message) = explanation["message"].as_u64() {
        let _ = write!(line, ", message {message}");
    }
    let _ = write!(line, ": {} found {}", field("policy"), field("kind"));
    if let Some(score) = explanation["score"].as_u64() {
        let _ = write!(line, ", score {score} %");
    }
    if let Some(setting) = explanation["setting"].as_str() {
        let _ = write!(line, ", {setting}");
    }
    let _ = write!(line, ": \"{}\"", field("found").escape_debug());
    line
}
