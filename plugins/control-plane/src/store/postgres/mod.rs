//! The store in a PostgreSQL database, shared by several servers.
//!
//! Changes are short transactions of two round trips: the first takes the gateway's row lock and
//! reads what there is, the second writes what follows and commits. Whoever waits for the lock
//! reads afterwards, in a statement of its own, so two changes never count from the same number.

mod address;
mod address_error;
mod audit;
mod changes;
mod create;
mod export;
mod gateways;
mod idempotency;
mod import;
mod instances;
mod listen;
mod migrate;
mod notification_tracker;
mod notifications;
mod password;
mod password_sources;
mod query_error;
mod retention;
mod rows;
mod session;
mod store;
#[cfg(test)]
mod tests;
mod text;
mod timeouts;
mod tls;
mod token_changes;
mod tokens;
mod transfer;
mod versions;

pub use address::DatabaseAddress;
pub use address_error::DatabaseAddressError;
pub use notifications::ChangeListeners;
pub use password::{Password, PasswordError};
pub use password_sources::PasswordSources;
pub use store::PostgresStore;
pub use tls::TlsOptions;
