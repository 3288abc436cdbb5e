//! The one word that says how a gateway stands, and how it follows from what is known.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ContentHash, DesiredVersion, Instance};

/// How a gateway, or one of its instances, stands to what is desired of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SyncState {
    /// Serves what is desired and has acknowledged the latest change.
    InSync,
    /// Has not answered the latest change yet.
    Pending,
    /// Refused the latest change and serves what it served before.
    Rejected,
    /// Acknowledged what is desired but serves something else.
    Drifted,
    /// No process with a valid lease.
    Offline,
    /// The comparison could not be made; also any word a newer server may send.
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

    /// Returns the word used on the wire and in output.
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

    /// Returns the state that the word names, if it names one.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|state| state.as_str() == word)
    }

    /// Derives the state of a gateway: that of its live instance which stands worst.
    ///
    /// `generation` is the gateway's, which also moves without anything desired.
    #[must_use]
    pub fn of_gateway(
        desired: Option<&DesiredVersion>,
        generation: u64,
        instances: &[Instance],
    ) -> Self {
        instances
            .iter()
            .map(|instance| Self::of_instance(desired, generation, instance))
            .filter(|state| *state != Self::Offline)
            .max_by_key(|state| state.severity())
            .unwrap_or(Self::Offline)
    }

    /// Derives the state of one instance.
    #[must_use]
    pub fn of_instance(
        desired: Option<&DesiredVersion>,
        generation: u64,
        instance: &Instance,
    ) -> Self {
        if !instance.live {
            return Self::Offline;
        }
        if instance
            .rejection
            .as_ref()
            .is_some_and(|r| r.generation >= generation)
        {
            return Self::Rejected;
        }
        let Some(applied) = &instance.applied else {
            return if desired.is_some() {
                Self::Pending
            } else {
                Self::Unknown
            };
        };
        if applied.generation < generation {
            return Self::Pending;
        }
        match desired {
            Some(desired) => compare(&desired.sha256, &applied.sha256),
            // Nothing is desired, so there is nothing to compare with.
            None => Self::Unknown,
        }
    }

    fn severity(self) -> u8 {
        match self {
            Self::Rejected => 5,
            Self::Drifted => 4,
            Self::Pending => 3,
            Self::Unknown => 2,
            Self::InSync => 1,
            Self::Offline => 0,
        }
    }
}

fn compare(desired: &ContentHash, applied: &ContentHash) -> SyncState {
    if desired == applied {
        SyncState::InSync
    } else {
        SyncState::Drifted
    }
}

impl fmt::Display for SyncState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
