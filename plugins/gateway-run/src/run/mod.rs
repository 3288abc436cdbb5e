//! The command `kt gateway run`.

mod command;
mod options;
mod start;
mod supervisor;

pub(crate) use command::run;
pub(crate) use supervisor::Supervisor;
