//! A client of HTTP/1.1 that is polled by the task of its request.
//!
//! A connection carries one request at a time. The client of hyper has a task of its own for each,
//! channels between that and the request, and 16 KiB of buffers: more than half of the memory of
//! an open stream, and two wake-ups for each message. Here a connection is a struct without
//! buffers: a thread reads into one buffer, and what belongs to a body is copied from there.

mod body;
mod chunked;
mod connection;
#[cfg(test)]
mod connection_tests;
mod error;
#[cfg(test)]
mod hyper_tests;
mod read_buffer;
mod request;
mod response_head;

pub(super) use connection::Http1Connection;
pub(super) use response_head::ResponseHead;
