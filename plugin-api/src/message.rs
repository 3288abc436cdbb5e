//! Short messages of a command to the user, and prompts.

use serde::{Deserialize, Serialize};

/// A message for the user: the current activity, or a warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Message {
    /// One line.
    pub message: String,
}

/// A prompt. The answer to [`PromptKind::Secret`] is text as it was entered, not JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Prompt {
    /// What is requested.
    pub kind: PromptKind,
    /// The question.
    pub question: String,
}

/// What a prompt requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PromptKind {
    /// A confirmation; the status of the call is the answer.
    Confirm,
    /// A secret, which is read without echo.
    Secret,
}
