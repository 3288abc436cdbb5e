//! Sending requests to providers: selection, fallback, and connections.

mod clients;
mod decoder;
mod dispatch;
mod echo;
mod health;
mod response;
mod send;

pub(crate) use clients::{Clients, TlsConfig};
pub(crate) use dispatch::{Outcome, dispatch};
pub(crate) use health::UpstreamHealth;
pub(crate) use response::{UpstreamBody, UpstreamResponse};
pub(crate) use send::OutboundRequest;
