//! Limits of the texts that users give to gateways.

/// Maximum size of a configuration in bytes: 1 MiB.
pub const MAX_CONTENT_BYTES: usize = 1024 * 1024;
/// Maximum length of a description in characters.
pub const MAX_DESCRIPTION_CHARS: usize = 1024;
/// Maximum length of a message or reason of a change in characters.
pub const MAX_MESSAGE_CHARS: usize = 1024;
/// Maximum number of labels of a gateway.
pub const MAX_LABELS: usize = 32;
/// Maximum length of a name or label key: 63, the length of a DNS label, so that a name can become one.
const MAX_NAME_CHARS: usize = 63;
/// Maximum length of a label value in characters.
const MAX_LABEL_VALUE_CHARS: usize = 255;

/// The limit that a text exceeds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// The name is empty, too long, or has characters that would need quoting.
    #[error(
        "a name has 1 to 63 characters of a-z, A-Z, 0-9, `.`, `_` and `-`, and begins with a letter or digit"
    )]
    Name,
    /// The name looks like an id.
    #[error("a name must not begin with `gw_`, which marks ids")]
    NameLikeId,
    /// The description is too long or has control characters.
    #[error("a description has at most 1024 characters and no control characters")]
    Description,
    /// The message or reason is too long or has control characters.
    #[error("a message has at most 1024 characters and no control characters")]
    Message,
    /// The label's key or value is out of bounds.
    #[error(
        "a label's key follows the rules of names, and its value has at most 255 characters and no control characters"
    )]
    Label,
}

/// Validates the name of a gateway.
///
/// # Errors
/// The rule that the name breaks.
pub fn validate_name(name: &str) -> Result<(), LimitError> {
    if name.starts_with("gw_") {
        return Err(LimitError::NameLikeId);
    }
    if is_plain(name) {
        Ok(())
    } else {
        Err(LimitError::Name)
    }
}

/// Validates a description.
///
/// # Errors
/// When it is too long or has control characters.
pub fn validate_description(text: &str) -> Result<(), LimitError> {
    if fits(text, MAX_DESCRIPTION_CHARS) {
        Ok(())
    } else {
        Err(LimitError::Description)
    }
}

/// Validates the message or reason of a change.
///
/// # Errors
/// When it is too long or has control characters.
pub fn validate_message(text: &str) -> Result<(), LimitError> {
    if fits(text, MAX_MESSAGE_CHARS) {
        Ok(())
    } else {
        Err(LimitError::Message)
    }
}

/// Validates a label.
///
/// # Errors
/// When key or value is out of bounds.
pub fn validate_label(key: &str, value: &str) -> Result<(), LimitError> {
    let good = is_plain(key) && fits(value, MAX_LABEL_VALUE_CHARS);
    if good { Ok(()) } else { Err(LimitError::Label) }
}

fn is_plain(name: &str) -> bool {
    name.len() <= MAX_NAME_CHARS
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn fits(text: &str, limit: usize) -> bool {
    // Line breaks are the control characters that descriptions do have.
    text.chars().count() <= limit && !text.chars().any(|c| c.is_control() && c != '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_need_no_quoting_and_are_not_ids() {
        for name in ["edge", "EU-1", "a.b_c", "7"] {
            assert_eq!(validate_name(name), Ok(()), "{name}");
        }
        for name in ["", ".", "-x", "a b", "é", "a/b", &"x".repeat(64)] {
            assert_eq!(validate_name(name), Err(LimitError::Name), "{name}");
        }
        assert_eq!(validate_name("gw_x"), Err(LimitError::NameLikeId));
    }

    #[test]
    fn control_characters_are_rejected() {
        assert_eq!(validate_description("two\nlines"), Ok(()));
        assert_eq!(
            validate_description("\u{1b}[31m"),
            Err(LimitError::Description)
        );
        assert_eq!(
            validate_message(&"x".repeat(1025)),
            Err(LimitError::Message)
        );
        assert_eq!(validate_label("env", "prod"), Ok(()));
        assert_eq!(validate_label("e v", "prod"), Err(LimitError::Label));
    }
}
