//! The API over HTTP, for as long as the caller wants.
//!
//! Own accept loops over hyper instead of a framework's: those set no limit on slow headers.

mod admin;
mod auth;
mod body;
mod changes;
mod connection;
mod events;
mod flow;
mod hub;
mod limits;
mod listen;
mod places;
mod portion;
mod prompt;
mod recorder;
mod rows;
mod run;
mod schedule;
mod storage;
#[cfg(test)]
mod tests;
mod tls;
mod uses;

pub use limits::{DEFAULT_PER_SECOND, MOST_PER_SECOND};
pub use run::{ServeError, ServeOptions, Started, serve};
pub use schedule::Schedule;
pub use tls::{TlsConfigError, TlsFiles};

/// Name of the file that the first administrator's token is written to.
pub const ADMIN_TOKEN_FILE: &str = "admin.token";
