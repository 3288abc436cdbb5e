//! The plugin: its commands, and the embedded provider of `kt.control-plane/1`.

mod database;
mod error;
mod maintenance;
mod provider;
mod root;
mod serve_command;
