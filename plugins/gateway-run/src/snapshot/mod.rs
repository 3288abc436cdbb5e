//! A configuration, compiled for serving requests.

mod build;
mod credential;
mod endpoint;
mod error;
mod guards;
mod model;
mod secrets;

pub(crate) use build::{Builder, ConfigInput, UpstreamOverride};
pub(crate) use credential::Credential;
pub(crate) use endpoint::Endpoint;
pub(crate) use error::BuildError;
pub(crate) use guards::{GuardClient, HttpClient};
pub(crate) use model::{Snapshot, Upstream};
pub(crate) use secrets::SecretResolver;
