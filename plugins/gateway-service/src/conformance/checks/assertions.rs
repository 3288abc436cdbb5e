//! Assertions of checks.

use crate::conformance::outcome::Mismatch;

/// Fails unless `condition` holds, with what was found instead of `expected`.
pub(super) fn ensure(
    condition: bool,
    expected: &str,
    found: impl FnOnce() -> String,
) -> Result<(), Mismatch> {
    if condition {
        Ok(())
    } else {
        Err(Mismatch::new(expected, found()))
    }
}
