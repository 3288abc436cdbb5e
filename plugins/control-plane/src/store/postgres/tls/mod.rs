//! TLS to the database: whether, whom to trust, and the connections.

mod connect;
mod roots;
mod wish;

pub(super) use connect::{Connector, Secured};
pub(super) use roots::Roots;
pub(super) use wish::{Mode, take};

pub use wish::TlsWishes;
