//! The safe side of the ABI for plugins written in Rust.

pub mod context;
pub mod export;
pub mod logging;
pub mod note;
pub mod plugin;
pub mod provider;
