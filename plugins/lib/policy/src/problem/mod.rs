//! What is wrong with a document, and how it is shown.

pub(crate) mod code;
pub(crate) mod mask;
mod render;
mod report;

pub use report::{Problem, Problems};
