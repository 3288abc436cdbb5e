//! The API of the control plane, independent of HTTP.
//!
//! The API is the same in process and behind a server. [`Api::handle`] handles a request. One that
//! has to wait is returned as [`Reply::LongPoll`], because how to wait is up to the caller: a
//! command blocks its thread, a server suspends a task.

mod accept_applied;
mod action_response;
mod actions;
mod audit;
mod background_writer;
mod backup;
mod backup_target;
mod checks;
mod compare;
mod config;
mod delivery;
mod drift;
mod error;
mod event_stream;
mod gateways;
mod halts;
mod input;
mod lease_renewal;
mod limits;
mod long_poll;
mod openapi;
mod operation;
mod operations;
mod pagination;
mod principal;
mod problems;
mod renewed_leases;
mod reply;
mod response;
mod retention;
mod router;
mod schema;
mod scrape;
mod service;
mod submitted_config;
#[cfg(test)]
mod tests;
mod tokens;
mod validation;

pub(crate) use background_writer::BackgroundWriter;
pub(crate) use error::ApiError;
pub use event_stream::NextEvent;
pub use principal::{Principal, Scope};
pub use reply::{ApiResponse, AuditExport, EventStream, LongPoll, Reply, WakeTarget};
pub use response::{problem_response, streaming_unsupported};
#[cfg(test)]
pub(crate) use router::every_operation;
pub(crate) use router::{
    is_loopback_public, is_public, is_streaming, is_write, may_contain_config, no_such_operation,
    route_template, with_allow_header,
};
pub use service::{Api, Clock};
