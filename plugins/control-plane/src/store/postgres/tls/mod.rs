//! TLS to the database: whether, whom to trust, and the connections.

mod connect;
mod options;
mod roots;

pub(super) use connect::{Connector, Secured};
pub(super) use options::{Mode, take};
pub(super) use roots::Roots;

pub use options::TlsOptions;
