//! Requests that change the desired version or ask instances to act, and their rollout.

use serde::{Deserialize, Serialize};

use crate::{ConfigVersion, Gateway};

/// Publishes a configuration as the next version and makes it desired.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PublishRequest {
    /// The configuration, verbatim.
    pub content: String,
    /// Name of the file that it was read from, for messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The reason, for the audit log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether an instance publishes the file it was started with; the origin is then `file`.
    #[serde(default)]
    pub from_file: bool,
}

/// Requests a reload: with content, publishes it as [`PublishRequest`] does, or, if the desired
/// version has the same content, lets the instances apply that again with the present secrets;
/// without, instances read their source again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReloadRequest {
    /// The configuration to publish, verbatim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Name of the file that it was read from, for messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The reason, for the audit log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Publishes the content of an older version as the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RevertRequest {
    /// The version to revert to.
    pub version: u64,
    /// The reason, for the audit log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The direction of a reconciliation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ReconcileMode {
    /// Instances apply the desired version again.
    #[default]
    Push,
    /// The version that every live instance applies becomes desired: the newest version with the same
    /// canonical form is published again, as by [`RevertRequest`].
    AcceptApplied,
}

impl ReconcileMode {
    /// Returns whether it is the default, which is the only mode of older control planes.
    #[must_use]
    pub fn is_push(&self) -> bool {
        *self == Self::Push
    }
}

/// Reconciles the applied and the desired version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReconcileRequest {
    /// The direction.
    #[serde(default, skip_serializing_if = "ReconcileMode::is_push")]
    pub mode: ReconcileMode,
    /// Whether to report what would be done without doing it.
    #[serde(default)]
    pub dry_run: bool,
    /// The reason, for the audit log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The response to publish, reload, revert and reconcile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ActionResponse {
    /// The gateway after the action.
    pub gateway: Gateway,
    /// Whether the desired configuration is the same as before: same content, or already in sync.
    pub unchanged: bool,
    /// The desired version after the action; in a dry run of `accept-applied`, the version that would
    /// be published again.
    #[serde(default)]
    pub version: Option<ConfigVersion>,
    /// The generation to wait for; see [`RolloutStatus`].
    pub generation: u64,
}

/// The progress of a generation across the instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RolloutStatus {
    /// The outcome.
    pub outcome: RolloutOutcome,
    /// The gateway at the time of the outcome.
    pub gateway: Gateway,
}

/// The outcome over all live instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RolloutOutcome {
    /// Every live instance applied it.
    Applied,
    /// Every live instance answered, and at least one rejected it.
    Rejected,
    /// Something newer became desired before every instance had answered.
    Superseded,
    /// No instance is live; the change waits for one.
    Offline,
    /// The wait timed out before every live instance had answered.
    Pending,
    /// A value of a newer control plane.
    #[serde(other)]
    Unknown,
}
