//! Assertions of checks.

use kt_plugin_api::Error;

/// Formats an error as the detail of a failed check.
pub(super) fn describe_error(error: &Error) -> String {
    match error.hints.first() {
        Some(hint) => format!("{error} (hint: {hint})"),
        None => error.to_string(),
    }
}

/// Fails with `message` unless `condition` holds.
pub(super) fn ensure(condition: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if condition { Ok(()) } else { Err(message()) }
}
