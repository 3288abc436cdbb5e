//! The control loop: takes the desired configuration from the control plane,
//! applies it, reports its status, and keeps it on disk.

mod active_config;
mod config_files;
mod controller;
mod last_applied;
mod managed_gateway;
mod origin;
mod poll;
mod reporter;
mod status;

pub(crate) use active_config::ActiveConfig;
pub(crate) use config_files::ConfigFiles;
pub(crate) use controller::Controller;
pub(crate) use last_applied::{LastApplied, StoredConfig, find_by_name};
pub(crate) use managed_gateway::ManagedGateway;
pub(crate) use origin::{ConfigOrigin, fetch, publish};
pub(crate) use reporter::{Identity, StatusReporter};
