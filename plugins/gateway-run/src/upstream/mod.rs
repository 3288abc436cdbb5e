//! Sending requests to providers: selection, fallback, and connections.

mod connection;
mod connection_pool;
#[cfg(test)]
mod connection_pool_tests;
mod connector;
mod decoder;
mod dispatch;
mod echo;
mod health;
mod http1;
mod post;
mod response;
mod send;
#[cfg(test)]
mod tls_tests;
mod transport;

pub(crate) use connection_pool::ConnectionPool;
pub(crate) use connector::TlsConfig;
pub(crate) use dispatch::{Outcome, dispatch};
pub(crate) use health::UpstreamHealth;
pub(crate) use post::post;
pub(crate) use response::{UpstreamBody, UpstreamResponse};
pub(crate) use send::OutboundRequest;
