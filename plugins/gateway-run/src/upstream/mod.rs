//! Sending requests to providers: selection, fallback, and connections.

mod connection;
mod connector;
mod decoder;
mod dispatch;
mod echo;
mod health;
mod pool;
#[cfg(test)]
mod pool_tests;
mod response;
mod send;

pub(crate) use connector::TlsConfig;
pub(crate) use dispatch::{Outcome, dispatch};
pub(crate) use health::UpstreamHealth;
pub(crate) use pool::Pool;
pub(crate) use response::{UpstreamBody, UpstreamResponse};
pub(crate) use send::OutboundRequest;
