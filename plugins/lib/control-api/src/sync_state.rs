//! The state of gateways and instances.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The state of a gateway or instance relative to the desired version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SyncState {
    /// Serves the desired version, and has acknowledged the latest change.
    InSync,
    /// Has not acknowledged the latest change yet.
    Pending,
    /// Rejected the latest change, and serves the previous configuration.
    Rejected,
    /// Acknowledged the desired version, but serves something else.
    Drifted,
    /// Has no instance with a valid lease.
    Offline,
    /// The comparison is not possible; also any value of a newer server.
    #[serde(other)]
    Unknown,
}

impl SyncState {
    /// Every state.
    pub const ALL: &'static [Self] = &[
        Self::InSync,
        Self::Pending,
        Self::Rejected,
        Self::Drifted,
        Self::Offline,
        Self::Unknown,
    ];

    /// Returns the value used on the wire and in output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InSync => "in-sync",
            Self::Pending => "pending",
            Self::Rejected => "rejected",
            Self::Drifted => "drifted",
            Self::Offline => "offline",
            Self::Unknown => "unknown",
        }
    }

    /// Parses a value of [`SyncState::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|state| state.as_str() == text)
    }
}

impl fmt::Display for SyncState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
