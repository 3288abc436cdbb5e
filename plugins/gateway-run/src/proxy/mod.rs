//! Serving requests: routing, the policy chain, upstreams, and the response.

mod answer;
mod chat;
mod context;
mod error_response;
mod handle;
mod models;
mod origin_check;
mod prompt;
mod request_context;
mod sse;
mod stream;

pub(crate) use context::ProxyContext;
pub(crate) use handle::handle;
