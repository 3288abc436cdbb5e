//! Results as YAML.

use kt_plugin_api::{Error, is_unprintable, printable_json};
use serde_json::{Map, Value};

/// Formats a value. Strings with unprintable characters are double-quoted, with escapes.
///
/// # Errors
/// If it cannot be serialized.
pub(super) fn yaml(value: &Value) -> Result<String, Error> {
    let mut escaped = Vec::new();
    let replaced = replace(value, &marker(value), &mut escaped);
    let mut text = serde_yaml::to_string(&replaced)
        .map_err(|e| Error::internal("the result cannot be serialized as YAML").cause(e))?;
    for (marker, quoted) in &escaped {
        text = text.replace(marker, quoted);
    }
    Ok(text)
}

/// Returns a word that does not occur in the value.
fn marker(value: &Value) -> String {
    let text = value.to_string();
    let mut marker = "escaped".to_owned();
    while text.contains(&marker) {
        marker.push('x');
    }
    marker
}

/// Replaces strings with unprintable characters by markers, which have the strings as JSON:
/// that is valid YAML.
fn replace(value: &Value, marker: &str, escaped: &mut Vec<(String, String)>) -> Value {
    let mut text = |text: &str| {
        if !text.contains(|c| is_unprintable(c) && !matches!(c, '\n' | '\t' | '\r')) {
            return text.to_owned();
        }
        let name = format!("{marker}-{}-", escaped.len());
        let json = Value::from(text).to_string();
        escaped.push((name.clone(), printable_json(&json).into_owned()));
        name
    };
    match value {
        Value::String(string) => Value::String(text(string)),
        Value::Array(items) => items
            .iter()
            .map(|item| replace(item, marker, escaped))
            .collect(),
        Value::Object(members) => {
            let keys: Vec<String> = members.keys().map(|key| text(key)).collect();
            let values = members.values().map(|item| replace(item, marker, escaped));
            Value::Object(keys.into_iter().zip(values).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::yaml;
    use kt_plugin_api::is_unprintable;
    use serde_json::json;

    #[test]
    fn unprintable_characters_are_escaped_and_the_value_is_the_same() {
        let value = json!({
            "plain": "text", "bidi\u{2066}": "a\u{202e}b", "list": ["\u{1b}[2J", "\u{9b}", "\u{7f}"],
            "lines": "a\nb\n", "quotes": "\"\u{200f}\\",
        });
        let text = yaml(&value).unwrap();
        assert!(!text.contains(|c| is_unprintable(c) && c != '\n'), "{text}");
        for line in [
            "plain: text",
            "\"bidi\\u2066\": \"a\\u202eb\"",
            "- \"\\u001b[2J\"",
            "- \"\\u009b\"",
            "- \"\\u007f\"",
            "quotes: \"\\\"\\u200f\\\\\"",
        ] {
            assert!(text.lines().any(|l| l.trim() == line), "{line}\n{text}");
        }
    }
}
