//! A configuration, compiled to what requests need.

mod build;
mod model;
mod secrets;

pub(crate) use build::{BuildError, Builder, Input, UpstreamOverride};
pub(crate) use model::{Credential, Snapshot, Upstream};
pub(crate) use secrets::Secrets;
