//! The commands: each parses its arguments, runs an operation and formats the
//! result.

mod change_output;
mod complete;
mod install;
mod install_request;
mod lifecycle;
mod logs;
mod ownership;
mod plan_output;
mod print_plan;
mod session;
mod status;
mod uninstall;

pub(crate) use complete::complete;
pub(crate) use install::install;
pub(crate) use lifecycle::{restart, start, stop};
pub(crate) use logs::logs;
pub(crate) use session::Session;
pub(crate) use status::{collect, status};
pub(crate) use uninstall::uninstall;
