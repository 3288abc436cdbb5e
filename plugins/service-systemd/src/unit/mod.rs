//! The unit file.

mod file;
mod lines;
mod sandbox;

pub(crate) use file::{render, render_sandbox_check};

#[cfg(test)]
pub(crate) mod tests;
