//! The commands: from arguments to an action, and from its end to an answer.

mod install;
mod others;
mod session;
mod status;
mod uninstall;

pub(crate) use install::install;
pub(crate) use others::{logs, restart, start, stop};
pub(crate) use status::status;
pub(crate) use uninstall::uninstall;
