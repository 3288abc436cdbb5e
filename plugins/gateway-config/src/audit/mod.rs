//! The commands for the audit log.

mod export;
mod list;
mod query;
mod verify;

pub(crate) use export::run as export;
pub(crate) use list::run as list;
pub(crate) use verify::run as verify;
