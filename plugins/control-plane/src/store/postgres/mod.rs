//! The store in a PostgreSQL database, shared by several servers.
//!
//! Changes are short transactions of two round trips: the first locks the row of the gateway and
//! reads the current state, the second writes the change and commits. The current state is read by
//! a statement after the lock, so two changes never start from the same state. Versions that are
//! published at the same time share a transaction.

mod address;
mod address_error;
mod audit;
mod audit_rows;
mod bulk;
mod change_counter;
mod changes;
mod create;
mod export;
mod gateways;
mod group_commit;
mod halts;
mod idempotency;
mod import;
mod instances;
mod leases;
mod listen;
mod migrate;
mod notification_tracker;
mod notifications;
mod notify;
mod password;
mod password_sources;
mod publish_batch;
mod query_error;
mod retention;
mod rows;
mod session;
mod states;
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
