//! The API over HTTP.
//!
//! The accept loops use hyper directly, because those of the usual frameworks set no time limit on
//! request heads.

mod admin_token;
mod audit_export;
mod auth;
mod auth_failure_recorder;
mod backup_schedule;
mod blocking;
mod compression;
mod connection;
mod connection_limit;
mod drain;
mod error;
mod event_stream;
mod idle_memory;
mod immediate;
mod leases;
mod limits;
mod listen;
mod message;
mod notifier;
mod options;
mod peer;
mod run;
mod states;
mod storage;
mod streaming_body;
#[cfg(test)]
mod tests;
mod tls;
mod token_uses;
mod write_queue;
mod write_timeout;

pub use admin_token::ADMIN_TOKEN_FILE;
pub use backup_schedule::BackupSchedule;
pub use error::ServeError;
pub use limits::MAX_REQUESTS_PER_SECOND;
pub use options::{ServeOptions, ServerInfo};
pub use run::serve;
pub use tls::{TlsConfigError, TlsFiles};
