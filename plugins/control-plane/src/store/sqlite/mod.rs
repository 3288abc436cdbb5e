//! The store in one SQLite file, shared by processes of one machine.

mod audit;
mod backup;
mod backup_directory;
mod busy;
mod changes;
mod connection;
mod connection_mode;
mod crash_points;
mod export;
mod gateways;
mod group_commit;
mod idempotency;
mod import;
mod instances;
mod leases;
mod lock;
mod maintenance;
mod migrate;
mod permissions;
mod readers;
mod renewals;
mod restore;
mod retention;
mod rows;
mod states;
mod store;
#[cfg(test)]
pub(crate) mod tests;
mod token_cache;
mod tokens;
mod transfer;
mod versions;
mod write_transaction;

pub use backup::{BackupSummary, backup};
pub use backup_directory::BackupDirectory;
pub use permissions::prepare_directory;
pub use restore::{PreparedRestore, RestoreSummary};
pub use store::{DATABASE_FILE, SqliteStore};
pub use token_cache::TokenCache;
