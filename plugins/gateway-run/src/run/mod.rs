//! The command `kt gateway run`.

mod command;
mod default_source;
mod options;
mod start;

pub(crate) use command::run;
