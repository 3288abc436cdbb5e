//! The commands about the trail of changes.

mod export;
mod list;
mod verify;
mod wanted;

pub(crate) use export::run as export;
pub(crate) use list::run as list;
pub(crate) use verify::run as verify;
