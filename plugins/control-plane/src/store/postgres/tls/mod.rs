//! TLS for the database: options, root certificates and connections.

mod connect;
mod options;
mod roots;

pub(super) use connect::{Connector, Secured};
pub(super) use options::{Mode, extract};
pub(super) use roots::Roots;

pub use options::TlsOptions;
