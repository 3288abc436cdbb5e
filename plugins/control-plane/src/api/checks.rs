//! Checks of values that several operations take.

use kt_control_api::{ProblemCode, ProblemItem, validate_message};

use super::error::{ApiError, api_error, out_of_bounds, validation_failed};
use super::limits::MAX_SOURCE_CHARS;

/// Parses the number of a version in a path.
pub(super) fn parse_version(text: &str) -> Result<u64, ApiError> {
    text.parse().map_or_else(|_| Err(no_version()), version)
}

/// Checks the number of a version: the store counts in 63 bits.
pub(super) fn version(number: u64) -> Result<u64, ApiError> {
    i64::try_from(number)
        .map(|_| number)
        .map_err(|_| no_version())
}

fn no_version() -> ApiError {
    api_error(ProblemCode::NotFound, "there is no such version")
}

/// Checks the file name and the message of a configuration.
pub(super) fn check_source(source: Option<&str>, message: Option<&str>) -> Result<(), ApiError> {
    check_reason("/message", message)?;
    if source.is_some_and(|name| name.chars().count() > MAX_SOURCE_CHARS) {
        let item = ProblemItem::at("/source", "out-of-bounds", "the file name is too long");
        return Err(validation_failed(vec![item]));
    }
    Ok(())
}

/// Checks the reason of a request.
pub(super) fn check_reason(pointer: &str, text: Option<&str>) -> Result<(), ApiError> {
    match text.map(validate_message) {
        Some(Err(error)) => Err(validation_failed(vec![out_of_bounds(pointer, &error)])),
        _ => Ok(()),
    }
}
