//! A configuration, compiled for serving requests.

mod build;
mod endpoint;
mod error;
mod model;
mod secrets;

pub(crate) use build::{Builder, ConfigInput, UpstreamOverride};
pub(crate) use endpoint::Endpoint;
pub(crate) use error::BuildError;
pub(crate) use model::{Credential, Snapshot, Upstream};
pub(crate) use secrets::SecretResolver;
