//! The commands: from arguments to an action, and from its end to an answer.

mod install;
mod logs;
mod others;
mod owner;
mod print;
mod session;
mod status;
mod uninstall;
mod wanted;

pub(crate) use install::install;
pub(crate) use logs::logs;
pub(crate) use others::{restart, start, stop};
pub(crate) use session::system;
pub(crate) use status::status;
pub(crate) use uninstall::uninstall;
