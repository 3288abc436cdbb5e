//! Versions of configurations.

use serde::{Deserialize, Serialize};

use crate::{ContentHash, Timestamp};

/// How a version was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum VersionOrigin {
    /// Created with the gateway.
    Create,
    /// Published by a user or a pipeline.
    Reload,
    /// Reverted to an older version.
    Revert,
    /// Published by an instance, from the file it was started with.
    File,
    /// A value of a newer control plane.
    #[serde(other)]
    Unknown,
}

impl VersionOrigin {
    /// Parses a value of [`VersionOrigin::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Create, Self::Reload, Self::Revert, Self::File]
            .into_iter()
            .find(|origin| origin.as_str() == text)
    }

    /// Returns the value used on the wire and in output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Reload => "reload",
            Self::Revert => "revert",
            Self::File => "file",
            Self::Unknown => "unknown",
        }
    }
}

/// An immutable version of a gateway's configuration, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ConfigVersion {
    /// Its number: 1 for the first version, without gaps.
    pub version: u64,
    /// Hash of the canonical form.
    pub sha256: ContentHash,
    /// Length of the content in bytes.
    pub size: u64,
    /// Who created it.
    pub author: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// How it was created.
    pub origin: VersionOrigin,
    /// The version that it reverts to, when the origin is `revert`.
    #[serde(default)]
    pub reverts_to: Option<u64>,
    /// Name of the file that it was read from, if known.
    #[serde(default)]
    pub source: Option<String>,
    /// The reason for it, if given.
    #[serde(default)]
    pub message: Option<String>,
    /// Whether its content is never pruned.
    #[serde(default)]
    pub pinned: bool,
    /// When its content was pruned, if it was.
    #[serde(default)]
    pub pruned_at: Option<Timestamp>,
}
