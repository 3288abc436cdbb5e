//! The command line: one `clap` tree from the manifests of every plugin and the
//! built-in commands.

#![forbid(unsafe_code)]

mod arguments;
mod builtin;
mod definition;
mod duration;
mod help;
mod node;
mod plugin_commands;
mod plugins;
mod reachable;
mod route;
mod selection;
mod tree;
mod usage_error;

pub(crate) use arguments::{ParsedArguments, parse_arguments};
pub(crate) use builtin::BuiltinCommand;
pub(crate) use route::Route;
pub(crate) use selection::CommandSelection;
pub(crate) use tree::{Tree, build, is_help, parse};
pub(crate) use usage_error::usage_error;
