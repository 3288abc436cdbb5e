//! The commands for gateways.

mod config;
mod create;
mod delete;
mod inspect;
mod list;
mod options;
mod retention;
mod update;
mod versions;
mod watch;

pub(crate) use config::run as config;
pub(crate) use create::run as create;
pub(crate) use delete::run as delete;
pub(crate) use inspect::run as inspect;
pub(crate) use list::run as list;
pub(crate) use options::resolve_all;
pub(crate) use retention::{pin, prune, unpin};
pub(crate) use update::run as update;
pub(crate) use versions::run as versions;
