//! The store in one SQLite file, shared by processes of one machine.

mod audit;
mod backup;
mod backups;
mod busy;
mod changes;
mod connection;
mod contents;
mod export;
mod file;
mod gateways;
mod import;
mod instances;
mod known_tokens;
mod migrate;
mod once;
mod points;
mod restore;
mod retention;
mod rows;
mod session;
mod store;
#[cfg(test)]
pub(crate) mod tests;
mod tokens;
mod transfer;
mod write_transaction;

pub use backup::{BackupSummary, backup};
pub use backups::BackupDirectory;
pub use file::prepare_directory;
pub use known_tokens::TokenCache;
pub use restore::{RestoreSummary, restore};
pub use store::{DATABASE_FILE, SqliteStore};
