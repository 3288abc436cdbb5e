//! The rules by which states are derived.

use crate::{AppliedVersion, ContentHash, DesiredVersion, Instance, Rejection, SyncState};

impl SyncState {
    /// Derives the state of a gateway: the most severe state of its live instances.
    ///
    /// `generation` is that of the gateway, which also increases without a desired version.
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
        let (applied, rejection) = (instance.applied.as_ref(), instance.rejection.as_ref());
        Self::of_answers(desired, generation, applied, rejection)
    }

    /// Derives the state of a live instance from what it has applied and rejected.
    #[must_use]
    pub fn of_answers(
        desired: Option<&DesiredVersion>,
        generation: u64,
        applied: Option<&AppliedVersion>,
        rejection: Option<&Rejection>,
    ) -> Self {
        if rejection.is_some_and(|r| r.generation >= generation) {
            return Self::Rejected;
        }
        let Some(applied) = applied else {
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
            // Without a desired version there is nothing to compare with.
            None => Self::Unknown,
        }
    }

    /// Returns how severe the state is: a gateway has the most severe one of its live instances.
    #[must_use]
    pub fn severity(self) -> u8 {
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
