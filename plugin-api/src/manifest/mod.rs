//! `plugin.toml`: the single source for what a plugin offers.
//!
//! Help, completion, listing and routing are made from manifests alone, so no
//! library is opened for them. Unknown keys are refused.

mod command;
mod provides;
mod root;

pub use command::{ArgSpec, ArgType, CommandSpec, Example, GroupSpec, OutcomeSpec};
pub use provides::{DetectRule, ProvidesSpec};
pub use root::{Manifest, SettingSpec};
