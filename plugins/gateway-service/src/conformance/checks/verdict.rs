//! Sentences of failed checks.

use kt_plugin_api::Error;

/// An error as the detail of a failed check.
pub(super) fn said(error: &Error) -> String {
    match error.hints.first() {
        Some(hint) => format!("{error} (hint: {hint})"),
        None => error.to_string(),
    }
}

/// Fails with a sentence unless `holds`.
pub(super) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}
