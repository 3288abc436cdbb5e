//! The store in a PostgreSQL database, shared by several servers.
//!
//! Changes are short transactions of two round trips: the first takes the gateway's row lock and
//! reads what there is, the second writes what follows and commits. Whoever waits for the lock
//! reads afterwards, in a statement of its own, so two changes never count from the same number.

mod address;
mod audit;
mod changes;
mod contents;
mod create;
mod export;
mod failure;
mod gateways;
mod import;
mod instances;
mod listen;
mod migrate;
mod notifications;
mod once;
mod password;
mod retention;
mod revisions;
mod rows;
mod session;
mod store;
#[cfg(test)]
mod tests;
mod text;
mod tls;
mod token_changes;
mod tokens;
mod transfer;

pub use address::{DatabaseAddress, DatabaseAddressError};
pub use notifications::ChangeListeners;
pub use password::{Password, PasswordError, PasswordSources};
pub use store::PostgresStore;
pub use tls::TlsOptions;
