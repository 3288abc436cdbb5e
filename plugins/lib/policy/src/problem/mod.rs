//! The problems of a document, and their text form.

pub(crate) mod code;
pub(crate) mod mask;
mod model;
mod render;
mod snippet;
mod suggestion;

pub use model::{Problem, Problems};
pub(crate) use snippet::Snippet;
