//! A service backend together with the system that it acts on.

#[cfg(test)]
mod fake_backend;
#[cfg(test)]
pub(crate) mod fixtures;
mod last_exit;
mod manager;
mod rollback;
mod service_context;

pub(crate) use last_exit::describe_exit;
pub(crate) use manager::ManagerAccess;
pub(crate) use rollback::{describe_failure, is_rollback_incomplete, with_rollback_result};
pub(crate) use service_context::{FAMILY, ServiceContext};
