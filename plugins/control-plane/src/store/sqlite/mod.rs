//! The store in one SQLite file, shared by processes of one machine.

mod audit;
mod backup;
mod backups;
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
mod patience;
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
mod writing;

pub use backup::{Backup, backup};
pub use backups::Backups;
pub use file::prepare_directory;
pub use known_tokens::KnownTokens;
pub use restore::{Restored, restore};
pub use store::{DATABASE_FILE, Sqlite};
