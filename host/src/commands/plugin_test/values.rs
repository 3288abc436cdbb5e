//! Values of arguments, by their declared types.

use kt_plugin_api::manifest::{ArgSpec, ArgType};

/// Returns values that the host accepts; those of an enum are all tested.
pub(super) fn valid_values(arg: &ArgSpec) -> Vec<String> {
    let one = |value: &str| vec![value.to_owned()];
    match arg.kind {
        ArgType::Boolean => one(""),
        ArgType::Integer => one("1"),
        ArgType::Duration => one("2s"),
        ArgType::Path => one("."),
        ArgType::String => one("kt-plugin-test"),
        ArgType::Enum => arg.values.clone(),
    }
}

/// Returns a value that the host refuses; none if it accepts every text.
pub(super) fn invalid_value(arg: &ArgSpec) -> Option<&'static str> {
    match arg.kind {
        // A value for a switch is accepted only where it follows the name, not here.
        ArgType::Boolean => arg.long.as_ref().map(|_| "kt-plugin-test"),
        ArgType::Integer => Some("1x"),
        // The unit is missing.
        ArgType::Duration => Some("90"),
        ArgType::Enum => Some("kt-plugin-test"),
        ArgType::Path | ArgType::String => None,
    }
}
