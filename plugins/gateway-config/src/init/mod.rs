//! `kt init`: creates a configuration with test cases from a template.

mod command;
mod templates;
mod write;

pub(crate) use command::run;
