//! How a call of a plugin failed.

#![forbid(unsafe_code)]

use crate::discovery::DiscoveredPlugin;
use crate::discovery::PluginManifest;
use kt_plugin_api::{Class, Error};

/// The failure of a call.
pub(crate) enum CallFailure {
    /// The plugin reported this error.
    Reported(Error),
    /// The plugin violated the contract, or its process ended.
    Violation(Error),
}

impl CallFailure {
    pub(super) fn violation(reason: impl Into<String>) -> Self {
        Self::Violation(Error::new(Class::Plugin, "plugin-failed", reason))
    }

    /// Returns the error of the plugin, or one that names it.
    pub(crate) fn into_error(self, plugin: &DiscoveredPlugin, manifest: &PluginManifest) -> Error {
        let inner = match self {
            Self::Reported(error) => return error,
            Self::Violation(error) => error,
        };
        let path = plugin.library().unwrap_or_default();
        let mut error = Error::new(
            Class::Plugin,
            inner.id.clone(),
            format!(
                "plugin `{}` {} (`{}`) failed",
                manifest.name,
                manifest.version,
                path.display()
            ),
        )
        .cause(&inner.message);
        error.causes.extend(inner.causes.iter().cloned());
        error.hints.clone_from(&inner.hints);
        error.data.clone_from(&inner.data);
        error
            .hint("this is a bug in the plugin; report it to its author")
            .data("plugin", manifest.name.clone())
            .data("version", manifest.version.clone())
            .data("path", path.display().to_string())
    }

    /// Returns the error without the name of the plugin, which the caller adds.
    pub(super) fn into_inner(self) -> Error {
        match self {
            Self::Reported(error) | Self::Violation(error) => error,
        }
    }
}
