//! The output and the prompts of a running command.

#![forbid(unsafe_code)]

use kt_plugin_api::{Error, Event, Output};

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
    /// A prompt of the kind `confirm` or `secret`.
    fn ask(&self, kind: &str, question: &str) -> Result<String, Error>;
}
