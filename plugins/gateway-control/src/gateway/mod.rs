//! The commands about gateways.

mod config;
mod create;
mod inspect;
mod list;

pub(crate) use config::run as config;
pub(crate) use create::run as create;
pub(crate) use inspect::run as inspect;
pub(crate) use list::run as list;
