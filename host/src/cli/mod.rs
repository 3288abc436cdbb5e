//! The command line: one `clap` tree from the manifests of every plugin and the
//! built-in commands.

#![forbid(unsafe_code)]

mod arguments;
mod builtin;
mod duration;
mod help;
mod plugin_commands;
mod plugins;
mod tree;
mod usage_error;

pub(crate) use arguments::{ParsedArguments, parse_arguments};
pub(crate) use builtin::BuiltinCommand;
pub(crate) use tree::{CommandSelection, Route, Tree, build};
pub(crate) use usage_error::usage_error;
