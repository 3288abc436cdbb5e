//! `plugin.toml`: the description of a plugin.
//!
//! Help, completion, listing and routing use manifests alone, so no library is
//! loaded for them. The host reads `api` first: it refuses a manifest that needs
//! another plugin API, ignores the unknown keys of one that is written for a newer
//! minor version, and refuses every other unknown key.

mod command;
mod provides;
mod root;

pub use command::{ArgSpec, ArgType, CommandSpec, Example, GroupSpec, OutcomeSpec};
pub use provides::{DetectRule, ProvidesSpec};
pub use root::{Isolation, Manifest, PluginKind, SettingSpec};
