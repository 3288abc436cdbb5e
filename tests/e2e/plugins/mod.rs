//! Plugins of every kind, good and bad.

mod claims;
mod folder;
mod good;
mod hostile;
mod misbehaving;

pub(crate) use folder::{CPlugin, PluginDir};
