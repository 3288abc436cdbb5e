//! Phone numbers.

mod counted;
mod extension;
mod forms;
mod plan;

pub(super) use forms::at;
