//! Registers a plugin before its library is loaded.

use super::identity::PluginIdentity;
use super::{exit, fault, host_signals, libraries};
use crate::discovery::PluginManifest;
use std::path::Path;
use std::sync::Once;

static INSTALL: Once = Once::new();

/// Returns what reports say about the plugin, whose crashes are recorded in `journal`. The
/// first call installs the handlers.
pub(crate) fn register(manifest: &PluginManifest, journal: &Path) -> &'static PluginIdentity {
    INSTALL.call_once(|| {
        fault::set_alternate_stack();
        libraries::record_host();
        fault::install();
        exit::install();
        host_signals::record();
    });
    PluginIdentity::new(manifest, journal)
}
