//! What the control plane does about drift.

use serde::{Deserialize, Serialize};

/// What the control plane does when an instance serves something else than the desired version that
/// it acknowledged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DriftPolicy {
    /// Reports the state `drifted`.
    #[default]
    Report,
    /// Reconciles the gateway, at most once a minute. The desired version does not change.
    Repair,
    /// A value of a newer control plane.
    #[serde(other)]
    Unknown,
}

impl DriftPolicy {
    /// Every value that a request may have.
    pub const ALL: [Self; 2] = [Self::Report, Self::Repair];

    /// Returns the value used on the wire, in output and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Repair => "repair",
            Self::Unknown => "unknown",
        }
    }

    /// Parses a value that a request may have.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == text)
    }

    /// Returns whether it is the default.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
