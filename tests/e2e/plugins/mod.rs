//! Valid, invalid and missing plugins.

mod author_kit;
mod author_new;
mod c_plugin;
mod cancellation;
mod completion;
mod conflicts;
mod contract;
mod crashes;
mod faults;
mod guard_kit;
mod hangs;
mod hostile;
mod hostile_files;
mod install_kill;
mod isolated;
mod languages;
mod layout;
mod life_cycle;
mod locking;
mod manifest_index;
mod messages;
mod misbehaving;
mod missing;
mod new_plugin;
mod next_minor;
mod opened;
mod plugin_dir;
mod process;
mod process_messages;
mod remaining;
mod sanitizer;
mod schemas;
mod signing;
mod user_plugins;

pub(crate) use new_plugin::{create, make, sdk};
pub(crate) use plugin_dir::{CPlugin, PluginDir};
