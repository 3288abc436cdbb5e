//! Phone numbers.

mod counted;
mod extension;
mod forms;
mod other;
mod plan;

pub(super) use forms::at;
