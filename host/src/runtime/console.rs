//! The output and the prompts of a running command.

#![forbid(unsafe_code)]

use super::signals::SignalState;
use kt_plugin_api::{Error, Event, Output};
use std::time::Duration;

/// A prompt.
pub(crate) struct PromptRequest<'a> {
    /// `confirm` or `secret`.
    pub(crate) kind: &'a str,
    pub(crate) question: &'a str,
    /// The signals that cancel the command. Without them signals have their default effect.
    pub(crate) signals: Option<&'a SignalState>,
    /// The time until the deadline of the command, if there is one.
    pub(crate) remaining: Option<Duration>,
}

/// Receives the output of a running command, and prompts the user.
pub(crate) trait Console: Sync {
    /// An event of a long-running command.
    fn event(&self, event: &Event);
    /// A part of a result. Returns `false` if neither it nor any later part can
    /// be written.
    fn part(&self, part: &Output) -> bool;
    /// A progress message.
    fn progress(&self, message: &str);
    /// A warning.
    fn warn(&self, message: &str);
    /// A prompt of the kind `confirm` or `secret`, which ends if the command is cancelled.
    fn ask(&self, prompt: &PromptRequest<'_>) -> Result<String, Error>;
}
