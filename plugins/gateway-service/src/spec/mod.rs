//! The definition of the service that runs a gateway.

mod build;
pub(crate) mod credentials;
mod environment;
mod environment_file;
mod executable;

pub(crate) use build::{SpecOptions, build};
pub(crate) use environment::runtime_dir;
pub(crate) use environment_file::check_permissions;
pub(crate) use executable::{requested_executable, stable_path};
