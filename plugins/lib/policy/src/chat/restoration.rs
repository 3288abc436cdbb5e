//! Restoring the values of a request in its whole response.

use std::sync::Arc;

use super::protocol::{Role, role_of};
use crate::json::{Edit, JsonError, ScalarKind, Segment, apply_edits, each_scalar, escape};
use crate::placeholder::{Part, PlaceholderValues, RestoredText, Restorer};

/// Members of a message that report what the provider did: its tools are never given a value, and
/// neither is the report of them.
const OF_PROVIDER: [&str; 3] = ["annotations", "executed_tools", "logprobs"];

/// A response with the values of its request.
#[derive(Debug)]
pub struct RestoredDocument {
    /// The document; every byte but the placeholders is as it was.
    pub document: String,
    /// How many placeholders were restored.
    pub count: usize,
}

/// Restores the values of a request in the messages of its response.
///
/// # Errors
/// When it is not JSON that every reader reads alike.
pub fn restore_response(
    document: &str,
    values: &Arc<PlaceholderValues>,
    expects_json: bool,
) -> Result<RestoredDocument, JsonError> {
    let mut edits = Vec::new();
    let mut count = 0;
    each_scalar(document, |scalar| {
        let is_text =
            scalar.kind == ScalarKind::String && role_of(scalar.path, &scalar.text) == Role::Text;
        let Some(text) = restored_text(scalar.path, expects_json).filter(|_| is_text) else {
            return;
        };
        let mut restorer = Restorer::new(values, text);
        let mut at = 0;
        restorer.whole(&scalar.text, |part| match part {
            Part::Text(text) => at += text.len(),
            Part::Placeholder(source, value) => {
                let range = scalar.map.range(at..at + source.len());
                at += source.len();
                edits.push(Edit {
                    range: range.start + scalar.range.start..range.end + scalar.range.start,
                    text: escape(&value),
                });
            }
        });
        count += restorer.restored();
    })?;
    Ok(RestoredDocument {
        document: apply_edits(document, edits),
        count,
    })
}

/// Returns what the text at a path is, if it belongs to the message of a choice.
fn restored_text(path: &[Segment<'_>], expects_json: bool) -> Option<RestoredText> {
    let keys = path.iter().filter_map(|segment| match segment {
        Segment::Key(key) => Some(&**key),
        Segment::Index(_) => None,
    });
    restored_field(&keys.collect::<Vec<&str>>(), expects_json)
}

/// Returns what the text of a response is whose path has these keys, without the positions in
/// arrays; `None` if it is not restored.
#[must_use]
pub fn restored_field(path: &[&str], expects_json: bool) -> Option<RestoredText> {
    let ["choices", of_choice, field @ ..] = path else {
        return None;
    };
    if !matches!(*of_choice, "message" | "delta" | "text")
        || field.iter().any(|key| OF_PROVIDER.contains(key))
    {
        return None;
    }
    let is_content = matches!(field, ["content"]);
    Some(match field {
        ["tool_calls" | "function_call", .., "arguments"] => RestoredText::Arguments,
        _ => RestoredText::Content {
            expects_json: expects_json && is_content,
        },
    })
}
