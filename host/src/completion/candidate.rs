//! What is offered.

use serde::Serialize;

/// A word that completes the command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Candidate {
    pub(super) value: String,
    /// One line; empty if there is none.
    pub(super) description: String,
}

impl Candidate {
    /// Creates a candidate, unless a character of the value would change what the shell
    /// shows or inserts. Of the description, the first line is used.
    pub(super) fn new(value: &str, description: &str) -> Option<Self> {
        if value.is_empty() || value.chars().any(is_unsafe) {
            return None;
        }
        let line = description.lines().next().unwrap_or_default();
        Some(Self {
            value: value.to_owned(),
            description: line.chars().filter(|c| !is_unsafe(*c)).collect(),
        })
    }

    /// Adds what precedes the value in the word.
    pub(super) fn after(self, before: &str) -> Self {
        Self {
            value: format!("{before}{}", self.value),
            ..self
        }
    }
}

/// Returns whether a terminal executes the character instead of showing it: a control
/// character, or one that changes the direction of the text (Unicode, UAX #9).
fn is_unsafe(c: char) -> bool {
    let changes_direction = matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    c.is_control() || changes_direction
}
