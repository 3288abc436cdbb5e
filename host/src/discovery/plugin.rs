//! A plugin on the search path, and whether it can be used.

use super::manifest::COMMANDS;
use super::plugin_manifest::PluginManifest;
use super::search::PluginSource;
use super::tier::PluginTier;
use kt_plugin_api::{Dirs, Error};
use std::path::PathBuf;
use std::sync::Arc;

/// The name of the manifest in the directory of a plugin.
pub(crate) const MANIFEST: &str = "plugin.toml";

/// Whether a plugin can be used.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PluginState {
    /// It can be used.
    Usable,
    /// Another copy of the plugin has precedence.
    Shadowed(PathBuf),
    /// It cannot be loaded on this operating system.
    UnsupportedPlatform,
    /// It cannot be used, for this reason.
    Refused(Error),
}

/// The files with the records about installed plugins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordPaths {
    /// The lock file, with hashes.
    pub(crate) lock: PathBuf,
    /// The journal, with crashes and disabled plugins.
    pub(crate) journal: PathBuf,
}

impl RecordPaths {
    pub(crate) fn of(dirs: &Dirs) -> Self {
        Self {
            lock: dirs.config.join("plugins.lock"),
            journal: dirs.state.join("plugins.journal"),
        }
    }
}

/// A plugin on the search path.
#[derive(Debug, Clone)]
pub(crate) struct DiscoveredPlugin {
    /// Its directory, or the target if that is a link.
    pub(crate) dir: PathBuf,
    /// The link on the search path.
    pub(crate) link: Option<PathBuf>,
    /// Where the directory comes from.
    pub(crate) source: PluginSource,
    /// Its manifest, if it is valid.
    pub(crate) manifest: Option<PluginManifest>,
    /// Whether it can be used.
    pub(crate) state: PluginState,
    /// What is ignored in its manifest.
    pub(crate) notes: Vec<String>,
    /// Why its files are trusted.
    pub(crate) tier: PluginTier,
    /// In how many runs in a row it crashed.
    pub(crate) crashes: u32,
    /// The records about it.
    pub(crate) records: Arc<RecordPaths>,
}

impl DiscoveredPlugin {
    /// Returns the name of the plugin, or of its directory without a manifest.
    pub(crate) fn name(&self) -> String {
        match &self.manifest {
            Some(manifest) => manifest.name.clone(),
            None => {
                let name = self.dir.file_name().unwrap_or_default();
                name.to_string_lossy().into_owned()
            }
        }
    }

    /// Returns the paths of the commands that its manifest declares, also if it is
    /// refused for its manifest.
    pub(crate) fn command_paths(&self) -> Vec<Vec<String>> {
        if let Some(manifest) = &self.manifest {
            return manifest.commands().iter().map(|c| c.path.clone()).collect();
        }
        let PluginState::Refused(error) = &self.state else {
            return Vec::new();
        };
        let paths = error.data.get(COMMANDS).cloned().unwrap_or_default();
        serde_json::from_value(paths).unwrap_or_default()
    }

    /// Returns the path of the library or the program.
    pub(crate) fn library(&self) -> Option<PathBuf> {
        Some(self.dir.join(&self.manifest.as_ref()?.code_file))
    }
}
