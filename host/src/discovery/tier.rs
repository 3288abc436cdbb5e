//! Why the files of a plugin are trusted.

use super::search::PluginSource;
use serde::Deserialize;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// Why the files of a plugin are trusted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PluginTier {
    /// It belongs to the installation of kt, or root installed it.
    System,
    /// It has the hashes of its installation or of its first use.
    #[default]
    Locked,
    /// As locked, and its publisher signed it.
    Signed,
    /// It is not checked: a link, or a directory of the command line or environment.
    Development,
}

impl PluginTier {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Locked => "locked",
            Self::Signed => "signed",
            Self::Development => "development",
        }
    }

    /// Returns the tier of a plugin by the source and the metadata of its directory.
    pub(super) fn of(source: PluginSource, linked: bool, meta: &Metadata) -> Self {
        match source {
            PluginSource::Option | PluginSource::Environment => Self::Development,
            // The owner of the executable can change kt itself.
            PluginSource::Bundled => Self::System,
            PluginSource::System if is_not_of_user(meta) => Self::System,
            PluginSource::System => Self::Locked,
            PluginSource::User if linked => Self::Development,
            PluginSource::User => Self::Locked,
        }
    }
}

/// Returns whether root owns the file; the trust check has excluded other users.
fn is_not_of_user(meta: &Metadata) -> bool {
    meta.uid() == 0 || meta.uid() != rustix::process::geteuid().as_raw()
}
