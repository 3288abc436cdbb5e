//! The checks, by what they are about.

pub(super) mod files;
pub(super) mod killed;
pub(super) mod life;
pub(super) mod pure;
pub(super) mod trouble;

use kt_plugin_api::Error;

/// An error as the detail of a failed check.
fn said(error: &Error) -> String {
    match error.hints.first() {
        Some(hint) => format!("{error} (hint: {hint})"),
        None => error.to_string(),
    }
}

/// Fails with a sentence unless `holds`.
fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}
