//! Valid, invalid and missing plugins.

mod c_plugin;
mod conflicts;
mod contract;
mod hostile;
mod layout;
mod messages;
mod misbehaving;
mod missing;
mod next_minor;
mod opened;
mod plugin_dir;
mod sanitizer;
mod schemas;

pub(crate) use plugin_dir::{CPlugin, PluginDir};
