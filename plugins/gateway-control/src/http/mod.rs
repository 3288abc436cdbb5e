//! The control plane over HTTP.

mod cancellation;
mod client;
mod provider;
mod retry;
mod transport_error;
mod url;

pub(crate) use provider::HttpControlPlane;
