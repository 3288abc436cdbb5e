//! The commands about tokens.

mod create;
mod file;
mod issued;
mod list;
mod revoke;
mod rotate;

pub(crate) use create::run as create;
pub(crate) use file::{Draft, kept};
pub(crate) use list::run as list;
pub(crate) use revoke::run as revoke;
pub(crate) use rotate::run as rotate;
