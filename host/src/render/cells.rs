//! Formats a JSON value as a cell of a table.

use super::style::TextStyle;
use jiff::Timestamp;
use kt_plugin_api::{CellFormat, printable_line};
use serde_json::Value;

/// Formats a value, for a table or a description.
pub(super) fn cell(value: Option<&Value>, format: CellFormat, terminal: bool) -> String {
    let text = match value {
        None | Some(Value::Null) => return String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            let items: Vec<String> = items
                .iter()
                .map(|v| cell(Some(v), CellFormat::Text, terminal))
                .collect();
            items.join(",")
        }
        Some(Value::Object(members)) => {
            let members: Vec<String> = members
                .iter()
                .map(|(key, v)| format!("{key}={}", cell(Some(v), CellFormat::Text, terminal)))
                .collect();
            members.join(",")
        }
        Some(other) => other.to_string(),
    };
    match format {
        CellFormat::Text | CellFormat::State => printable_line(&text).into_owned(),
        CellFormat::Hash => printable_line(&text).chars().take(12).collect(),
        CellFormat::Age => match text.parse() {
            Ok(then) if terminal => age(then, Timestamp::now()),
            _ => printable_line(&text).into_owned(),
        },
    }
}

/// Returns the style of a cell: only states have one.
pub(super) fn style(text: &str, format: CellFormat) -> TextStyle {
    if format != CellFormat::State {
        return TextStyle::Plain;
    }
    match text {
        "in-sync" | "running" | "ok" | "passed" | "live" | "current" | "applied" | "active"
        | "allow" => TextStyle::Good,
        "pending" | "drifted" | "offline" | "stopped" | "warning" | "shadowed" | "unknown"
        | "deleted" | "redact" => TextStyle::Warning,
        "rejected" | "failed" | "refused" | "parked" | "block" => TextStyle::Bad,
        _ => TextStyle::Plain,
    }
}

/// Formats an age such as `5m`, in the largest unit that is not 0.
fn age(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(then.as_second()).max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::{age, cell};
    use jiff::Timestamp;
    use kt_plugin_api::CellFormat;
    use serde_json::json;

    #[test]
    fn unprintable_characters_are_escaped() {
        for format in [CellFormat::Text, CellFormat::Age, CellFormat::State] {
            for terminal in [true, false] {
                let text = cell(Some(&json!("a\u{1b}[2Jb\n\u{202e}c")), format, terminal);
                assert_eq!(text, "a\\u{1b}[2Jb \\u{202e}c");
            }
        }
    }

    #[test]
    fn ages_are_formatted_in_their_largest_unit() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        for (ago, text) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (7200, "2h"),
            (200_000, "2d"),
        ] {
            assert_eq!(
                age(Timestamp::from_second(1_000_000 - ago).unwrap(), now),
                text
            );
        }
    }
}
