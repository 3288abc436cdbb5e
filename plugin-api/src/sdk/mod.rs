//! The safe API for plugins in Rust.

pub mod chunks;
pub mod context;
pub mod export;
pub mod input;
pub mod logging;
pub mod memory;
pub mod note;
pub mod plugin;
pub mod provider;
#[cfg(test)]
mod wait_tests;
