//! `kt init`: a configuration to begin with, and its golden cases.

mod command;
mod templates;
mod write;

pub(crate) use command::run;
