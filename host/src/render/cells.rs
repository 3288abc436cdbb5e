//! One JSON value as one cell of text.

use super::terminal::Tone;
use jiff::Timestamp;
use kt_plugin_api::CellFormat;
use serde_json::Value;

/// The text of a value, for a table or a description.
pub(crate) fn cell(value: Option<&Value>, format: CellFormat, terminal: bool) -> String {
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
        Some(other) => other.to_string(),
    };
    match format {
        CellFormat::Text | CellFormat::State => one_line(&text),
        CellFormat::Hash => text.chars().take(12).collect(),
        CellFormat::Age if terminal => text
            .parse()
            .map_or(text, |then| age(then, Timestamp::now())),
        CellFormat::Age => text,
    }
}

/// Control characters could move the cursor or fake other lines.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// The colour of a cell: only state words have one.
pub(crate) fn tone(text: &str, format: CellFormat) -> Tone {
    if format != CellFormat::State {
        return Tone::Plain;
    }
    match text {
        "in-sync" | "running" | "ok" | "passed" | "live" | "current" => Tone::Good,
        "pending" | "drifted" | "offline" | "stopped" | "warning" | "shadowed" => Tone::Warning,
        "rejected" | "failed" | "refused" | "parked" => Tone::Bad,
        _ => Tone::Plain,
    }
}

/// A rough age such as `5m`; the largest unit that is not 0.
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
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(
            cell(Some(&json!("a\u{1b}[2Jb\nc")), CellFormat::Text, true),
            "a [2Jb c"
        );
    }

    #[test]
    fn ages_use_their_largest_unit() {
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
