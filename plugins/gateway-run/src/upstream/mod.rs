//! Sending requests to providers: selection, fallback, and connections.

mod call;
mod clients;
mod echo;
mod health;
mod reply;

pub(crate) use call::{UpstreamError, ask};
pub(crate) use clients::{Clients, TlsConfig};
pub(crate) use health::UpstreamHealth;
pub(crate) use reply::{UpstreamBody, UpstreamResponse};
