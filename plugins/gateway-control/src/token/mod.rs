//! The commands for tokens.

mod create;
mod issued;
mod list;
mod output_file;
mod revoke;
mod rotate;

pub(crate) use create::run as create;
pub(crate) use list::run as list;
pub(crate) use output_file::{OutputFile, store_token};
pub(crate) use revoke::run as revoke;
pub(crate) use rotate::run as rotate;
