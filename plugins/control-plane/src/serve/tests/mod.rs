//! The server as its callers on the network see it.

mod access;
mod backup;
mod exchange;
mod held;
mod http;
mod limits;
mod metrics;
mod portion;
mod revoked;
mod rows;
mod stream;
mod timed;
