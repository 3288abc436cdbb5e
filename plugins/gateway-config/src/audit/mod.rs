//! The commands about the trail of changes.

mod list;
mod verify;

pub(crate) use list::run as list;
pub(crate) use verify::run as verify;
