//! What is done about drift.

use serde::{Deserialize, Serialize};

/// What the control plane does when an instance serves something else than what it was told to,
/// and had acknowledged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DriftPolicy {
    /// It shows it.
    #[default]
    Report,
    /// It reconciles the gateway, once a minute at most. What is desired stays what it is.
    Repair,
    /// A word of a newer control plane.
    #[serde(other)]
    Unknown,
}

impl DriftPolicy {
    /// Every word that can be asked for.
    pub const ALL: [Self; 2] = [Self::Report, Self::Repair];

    /// Returns the word used on the wire, in output and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Repair => "repair",
            Self::Unknown => "unknown",
        }
    }

    /// Returns what a word means, if it is one that can be asked for.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == word)
    }

    /// Returns whether it is what goes without saying.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
