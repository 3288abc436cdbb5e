//! The store in one SQLite file, shared by processes of one machine.

mod audit;
mod changes;
mod connection;
mod contents;
mod file;
mod gateways;
mod instances;
mod migrate;
mod once;
mod patience;
mod rows;
mod store;
#[cfg(test)]
pub(crate) mod tests;
mod tokens;

pub use file::prepare_directory;
pub use store::{DATABASE_FILE, Sqlite};
