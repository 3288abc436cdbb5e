//! The problems of a document, and their text form.

pub(crate) mod code;
pub(crate) mod mask;
mod model;
mod render;
pub(crate) mod secret_text;
mod snippet;
mod suggestion;

pub use model::{Problem, Problems};
pub use secret_text::looks_like_secret;
pub(crate) use snippet::Snippet;
