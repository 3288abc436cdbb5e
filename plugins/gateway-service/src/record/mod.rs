//! What kt installed, and who may change it now.

mod lock;
mod store;

pub(crate) use lock::Lock;
pub(crate) use store::{Phase, Record, Records, sha256};
