//! The server as its callers on the network see it.

mod access;
mod exchange;
mod http;
mod limits;
mod revoked;
mod stream;
mod timed;
