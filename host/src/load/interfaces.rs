//! Checks the interfaces of a loaded library.

#![forbid(unsafe_code)]

use super::library::{LoadedPlugin, VtableError};
use crate::discovery::PluginManifest;
use kt_plugin_api::abi::COMMAND_INTERFACE;
use kt_plugin_api::{Class, Error};

/// Checks that a library implements the interfaces in its manifest.
///
/// # Errors
/// Class `plugin`.
pub(crate) fn check_interfaces(
    loaded: &LoadedPlugin,
    manifest: &PluginManifest,
) -> Result<(), Error> {
    let unusable = |interface: &str, error: VtableError| {
        let message = format!(
            "plugin `{}` {} cannot provide `{interface}`",
            manifest.name, manifest.version
        );
        Error::new(Class::Plugin, "provider-not-found", message).cause(error)
    };
    if manifest.has_commands() {
        loaded
            .command()
            .map_err(|e| unusable(COMMAND_INTERFACE, e))?;
    }
    for provided in &manifest.provides {
        loaded
            .provider(&provided.interface, &provided.name)
            .map_err(|e| unusable(&provided.interface, e))?;
    }
    Ok(())
}
