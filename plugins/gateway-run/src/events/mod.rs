//! `kt events`: the decisions of a gateway of this machine, from its audit log.

mod event;
mod filter;
mod list;
mod location;
mod show;
mod tail;

pub(crate) use list::run as list;
pub(crate) use show::run as show;
pub(crate) use tail::run as tail;
