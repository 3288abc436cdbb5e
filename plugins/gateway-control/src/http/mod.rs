//! The control plane behind an address.

mod failure;
mod patience;
mod provider;
mod target;
mod trust;

pub(crate) use provider::HttpControlPlane;
