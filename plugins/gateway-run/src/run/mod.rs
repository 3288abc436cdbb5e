//! The command `kt gateway run`.

mod command;
mod options;
mod start;

pub(crate) use command::run;
