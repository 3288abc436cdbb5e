//! The server as its callers on the network see it.

mod access;
mod backup;
mod exchange;
mod held;
mod http;
mod limits;
mod metrics;
mod revoked;
mod rows;
mod stream;
mod timed;
