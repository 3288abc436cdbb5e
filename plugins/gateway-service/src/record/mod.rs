//! What kt installed, and the lock that serializes changes to it.

mod file_state;
#[cfg(test)]
pub(crate) mod fixtures;
mod lock;
mod sandbox_mode;
mod service_record;
mod store;

pub(crate) use file_state::{FileState, file_state};
pub(crate) use lock::Lock;
pub(crate) use sandbox_mode::SandboxMode;
pub(crate) use service_record::{Phase, Record, sha256};
pub(crate) use store::Records;
