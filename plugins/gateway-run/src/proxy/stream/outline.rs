//! What an event says of its stream, read without its texts.

use super::super::json_text;
use super::super::upstream_error;
use kt_policy::json::{JsonError, items, members};

/// What an event says of its stream.
pub(super) struct Outline {
    /// Whether it reports an error.
    pub(super) is_error: bool,
    pub(super) choices: Vec<Choice>,
    /// Prompt and completion tokens.
    pub(super) usage: Option<(u64, u64)>,
    /// Whether it has the usage of the whole response and no choice.
    pub(super) is_usage_only: bool,
}

/// A choice of an event.
pub(super) struct Choice {
    pub(super) index: u64,
    /// Whether it ends with this event.
    pub(super) is_finished: bool,
}

impl Outline {
    /// Reads an event.
    ///
    /// # Errors
    /// When it is not JSON.
    pub(super) fn read(event: &str) -> Result<Self, JsonError> {
        let names = ["error", "choices", "usage", "x_groq"];
        let [error, choices, usage, groq] = members(event, names)?;
        let choices = choices.and_then(items).unwrap_or_default();
        let usage = usage.filter(is_object);
        let of_choice = || member(choices.first()?, "usage");
        let any_usage = usage
            .or_else(|| member(groq?, "usage").filter(is_object))
            .or_else(|| of_choice().filter(is_object));
        Ok(Self {
            is_error: error.is_some_and(reports_error),
            is_usage_only: choices.is_empty() && usage.is_some(),
            usage: any_usage.map(tokens),
            choices: choices.iter().enumerate().map(Choice::read).collect(),
        })
    }
}

impl Choice {
    fn read((position, choice): (usize, &&str)) -> Self {
        let names = ["index", "finish_reason"];
        let [index, reason] = members(choice, names).unwrap_or_default();
        Self {
            index: index.and_then(number).unwrap_or(position as u64),
            // Some hosts send an empty reason with every chunk.
            is_finished: reason.is_some_and(|reason| !matches!(reason, "null" | "\"\"")),
        }
    }
}

/// Returns the prompt and completion tokens that a member `usage` reports.
pub(in super::super) fn tokens(usage: &str) -> (u64, u64) {
    let names = ["prompt_tokens", "completion_tokens"];
    let counts = members(usage, names).unwrap_or_default();
    let [input, output] = counts.map(|count| count.and_then(number).unwrap_or(0));
    (input, output)
}

fn number(json: &str) -> Option<u64> {
    json.parse().ok()
}

fn member<'d>(object: &'d str, name: &str) -> Option<&'d str> {
    let [value] = members(object, [name]).ok()?;
    value
}

fn is_object(json: &&str) -> bool {
    json.starts_with('{')
}

fn reports_error(error: &str) -> bool {
    json_text::parse(error).is_ok_and(|error| upstream_error::reports_error(&error))
}

#[cfg(test)]
mod tests {
    use super::Outline;

    #[test]
    fn usage_is_found_wherever_hosts_send_it() {
        for (event, usage, is_only) in [
            (
                r#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#,
                Some((3, 4)),
                true,
            ),
            (
                r#"{"choices":[{}],"usage":null,"x_groq":{"usage":{"prompt_tokens":5}}}"#,
                Some((5, 0)),
                false,
            ),
            (
                r#"{"choices":[{"usage":{"completion_tokens":6}}]}"#,
                Some((0, 6)),
                false,
            ),
            (r#"{"choices":[{"usage":1}],"usage":[]}"#, None, false),
        ] {
            let outline = Outline::read(event).unwrap();
            assert_eq!(outline.usage, usage, "{event}");
            assert_eq!(outline.is_usage_only, is_only, "{event}");
        }
    }

    #[test]
    fn choices_have_their_index_and_their_end() {
        let event = r#"{"choices":[{"index":7,"finish_reason":null},{"finish_reason":"stop"},
            {"index":-1,"finish_reason":""},5]}"#;
        let choices = Outline::read(event).unwrap().choices;
        let choices = choices.iter().map(|c| (c.index, c.is_finished));
        assert!(choices.eq([(7, false), (1, true), (2, false), (3, false)]));
    }
}
