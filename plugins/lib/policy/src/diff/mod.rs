//! The semantic difference of two documents.

mod build;
mod change;
mod compare;
mod defaults;
mod endpoint;
mod list_keys;
mod mask;
mod patch;
mod render;
mod restate;
mod upstream;
mod weaken;

pub use build::{diff, diff_from_none};
pub use change::{Change, ChangeKind, Diff, Impact};
pub use patch::{Patch, PatchOperation};
