//! The plugin API that a manifest requires, and the one of this host.

use kt_plugin_api::{Class, Error, abi};
use semver::{Comparator, Op, Version, VersionReq};

/// Returns the plugin API of this host.
pub(super) fn host_api() -> Version {
    Version::new(abi::ABI_MAJOR.into(), abi::ABI_MINOR.into(), 0)
}

/// Returns the error for a plugin that requires another plugin API.
pub(super) fn incompatible(name: &str, required: &str) -> Error {
    let host = host_api();
    let kt = env!("CARGO_PKG_VERSION");
    let message = format!(
        "{name} needs a kt with plugin API {required}, and this kt has {}.{}",
        host.major, host.minor
    );
    Error::new(Class::Plugin, "plugin-incompatible", message)
        .cause(format!("this is kt {kt}"))
        .hint("install a matching version of the plugin or of kt")
        .data("required_api", required)
        .data("host_api", format!("{}.{}", host.major, host.minor))
}

/// Returns whether a requirement names a minor version after that of this host, such as
/// `>=1.0, <=1.1` does for a host with 1.0.
pub(super) fn names_newer_minor(requirement: &VersionReq) -> bool {
    requirement.comparators.iter().any(is_of_newer_minor)
}

fn is_of_newer_minor(part: &Comparator) -> bool {
    let minor = part.minor.unwrap_or(0);
    let highest = match part.op {
        Op::Less => minor.saturating_sub(1),
        _ => minor,
    };
    let host = host_api();
    part.major == host.major && highest > host.minor
}
