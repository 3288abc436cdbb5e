//! The table of all kinds.

use super::identifier::Identifier;
use super::{
    africa_oceania, americas, asia, central_europe, devices, eastern_europe, northern_europe,
    southern_europe, western_europe,
};

/// The tables of the regions.
const REGIONS: [&[Identifier]; 9] = [
    americas::ROWS,
    western_europe::ROWS,
    northern_europe::ROWS,
    central_europe::ROWS,
    southern_europe::ROWS,
    eastern_europe::ROWS,
    asia::ROWS,
    africa_oceania::ROWS,
    devices::ROWS,
];

/// Returns all kinds.
pub(in super::super) fn identifiers() -> impl Iterator<Item = &'static Identifier> {
    REGIONS.into_iter().flatten()
}
