//! Completion by shells: commands, options and values. The script of a shell runs kt with
//! the words of the command line.

#![forbid(unsafe_code)]

mod bash_words;
mod candidate;
mod run;
mod shell;
mod values;

pub(crate) use run::{is_requested, run};
pub(crate) use shell::script;
