//! Config versions, and the actions that make one desired.

use serde::{Deserialize, Serialize};

use crate::{ContentHash, Gateway, Timestamp};

/// How a version came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum VersionOrigin {
    /// Came with the gateway.
    Create,
    /// Published by a person or a pipeline.
    Reload,
    /// Repeats an older version.
    Revert,
    /// Published by the gateway itself, from the file it was started with.
    File,
    /// A word of a newer control plane.
    #[serde(other)]
    Unknown,
}

impl VersionOrigin {
    /// Takes a word of [`VersionOrigin::as_str`]; none for one that is not known.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Create, Self::Reload, Self::Revert, Self::File]
            .into_iter()
            .find(|origin| origin.as_str() == word)
    }

    /// Returns the word used on the wire and in output.
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
    /// Dense, from 1.
    pub version: u64,
    /// Hash of the canonical form.
    pub sha256: ContentHash,
    /// Bytes of the content.
    pub size: u64,
    /// Who made it.
    pub author: String,
    /// When.
    pub created_at: Timestamp,
    /// How it came to be.
    pub origin: VersionOrigin,
    /// The version it repeats, when the origin is `revert`.
    #[serde(default)]
    pub reverts_to: Option<u64>,
    /// Name of the file it was read from, if known.
    #[serde(default)]
    pub source: Option<String>,
    /// Why, if said.
    #[serde(default)]
    pub message: Option<String>,
    /// Whether its content is kept whatever is pruned.
    #[serde(default)]
    pub pinned: bool,
    /// When its content was taken away, if it was.
    #[serde(default)]
    pub pruned_at: Option<Timestamp>,
}

/// Publishes a configuration as the next version and makes it desired.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PublishRequest {
    /// The configuration, verbatim.
    pub content: String,
    /// Name of the file it was read from, for messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Why, for the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether a gateway publishes the file it was started with; the origin is then `file`.
    #[serde(default)]
    pub from_file: bool,
}

/// Asks for a reload: with content as [`PublishRequest`], without it the gateway takes its source
/// again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReloadRequest {
    /// The configuration to publish, verbatim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Name of the file it was read from, for messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Why, for the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Publishes the content of an older version as the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RevertRequest {
    /// The version to repeat.
    pub version: u64,
    /// Why, for the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Which of what is applied and what is desired is to become the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ReconcileMode {
    /// What is desired is applied again.
    #[default]
    Push,
    /// What every live instance applies becomes desired: the newest version that means the same
    /// is published again, as by [`RevertRequest`].
    AcceptApplied,
}

impl ReconcileMode {
    /// Returns whether it is what a control plane does that knows of no other way.
    #[must_use]
    pub fn is_push(&self) -> bool {
        *self == Self::Push
    }
}

/// Makes what is applied equal what is desired, or the other way round.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReconcileRequest {
    /// Which way.
    #[serde(default, skip_serializing_if = "ReconcileMode::is_push")]
    pub mode: ReconcileMode,
    /// Whether to say what would be done without doing it.
    #[serde(default)]
    pub dry_run: bool,
    /// Why, for the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The answer to publish, reload, revert and reconcile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ActionResponse {
    /// The gateway after the action.
    pub gateway: Gateway,
    /// Whether nothing had to be done: same content, or already in sync.
    pub unchanged: bool,
    /// The version that is desired after the action; in a dry run that would accept what is
    /// applied, the one that means it.
    #[serde(default)]
    pub version: Option<ConfigVersion>,
    /// The generation to wait for; see [`RolloutStatus`].
    pub generation: u64,
}

/// How far the instances have come with a generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RolloutStatus {
    /// The verdict.
    pub outcome: RolloutOutcome,
    /// The gateway as the verdict was made.
    pub gateway: Gateway,
}

/// The verdict over all live instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RolloutOutcome {
    /// Every live instance applied it.
    Applied,
    /// Every live instance answered, and at least one refused it.
    Rejected,
    /// Something newer became desired before every instance had answered.
    Superseded,
    /// No instance is live; the change waits for one.
    Offline,
    /// The time ran out before every live instance had answered.
    Pending,
    /// A word of a newer control plane.
    #[serde(other)]
    Unknown,
}
