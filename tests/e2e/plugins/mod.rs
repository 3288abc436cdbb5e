//! Plugins of every kind, good and bad.

mod folder;
mod good;
mod misbehaving;

pub(crate) use folder::{CPlugin, PluginDir};
