//! Plugins in processes of their own, from the side of the host: starts them, exchanges
//! messages with them, and ends them. What the calls mean is up to `runtime`.

#![forbid(unsafe_code)]

mod call_queue;
mod child;
mod connection;
mod exit;
mod groups;
mod plugin_process;
mod stderr_lines;

pub(crate) use call_queue::{CallEvent, CallQueue};
pub(crate) use connection::RunningCall;
pub(crate) use groups::kill_all;
pub(crate) use plugin_process::{PluginProcess, ProcessCommand, error_of};

/// The internal command of the process that loads an isolated library; its arguments are
/// the directory of the plugin and the cache directory.
pub(crate) const LIBRARY_PROCESS: &str = "__library-process";
