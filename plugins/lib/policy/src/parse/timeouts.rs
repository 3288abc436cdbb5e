//! `timeouts`, of all targets or of one.

use crate::decode::{Diagnostics, Keys, Mapping};
use crate::model::Timeouts;

pub(super) const TIMEOUT_KEYS: Keys = Keys {
    known: &["connect", "first_byte", "idle", "total"],
    unsupported: &[],
};

/// Reads `timeouts`.
pub(crate) fn timeouts(
    parent: &Mapping<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Timeouts> {
    let mapping = parent.mapping("timeouts", &TIMEOUT_KEYS, diagnostics)?;
    Some(Timeouts {
        connect: mapping.duration("connect", diagnostics),
        first_byte: mapping.duration("first_byte", diagnostics),
        idle: mapping.duration("idle", diagnostics),
        total: mapping.duration("total", diagnostics),
    })
}
