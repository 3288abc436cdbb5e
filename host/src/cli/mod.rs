//! The command line: one `clap` tree from the manifests of every plugin and the
//! host's own commands.

#![forbid(unsafe_code)]

mod arguments;
mod duration;
mod global;
mod plugins;
mod tree;

pub(crate) use arguments::typed;
pub(crate) use global::{Format, Global, NAMES, early_option, plugin_dirs, wants_json};
pub(crate) use tree::{Route, Tree, Wanted, build};
