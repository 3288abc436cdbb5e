//! What changes from one document to another.

mod change;
mod compare;
mod mask;
mod render;
mod weaken;

pub use change::{Change, Diff, Impact, Op, diff};
