//! `plugin:NAME`: a guard that a plugin provides.

mod policy;
mod settings;

pub(crate) use settings::PluginGuard;
