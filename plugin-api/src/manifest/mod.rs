//! `plugin.toml`: the description of a plugin.
//!
//! Help, completion, listing and routing use manifests alone, so no library is
//! loaded for them. Unknown keys are rejected.

mod command;
mod provides;
mod root;

pub use command::{ArgSpec, ArgType, CommandSpec, Example, GroupSpec, OutcomeSpec};
pub use provides::{DetectRule, ProvidesSpec};
pub use root::{Manifest, SettingSpec};
