//! Where something can begin in a text, and which detectors look there.

mod detector_set;
mod table;
#[cfg(test)]
mod table_tests;
mod trigger_table;
mod word_block;

pub(super) use detector_set::DetectorSet;
pub(super) use table::{Ahead, Start, StartTable};
