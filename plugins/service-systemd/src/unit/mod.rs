//! The unit file.

mod file;
mod sandbox;

pub(crate) use file::{render, render_probe};

#[cfg(test)]
pub(crate) mod tests;
