//! What changes from one document to another.

mod change;
mod compare;
mod mask;
mod patch;
mod render;
mod weaken;

pub use change::{Change, Diff, Impact, Op, diff};
pub use patch::{Operation, Patch};
