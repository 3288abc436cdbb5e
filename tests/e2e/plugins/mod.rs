//! Plugins of every kind, good and bad.

mod claims;
mod folder;
mod good;
mod hostile;
mod layout;
mod misbehaving;
mod missing;
mod opened;

pub(crate) use folder::{CPlugin, PluginDir};
