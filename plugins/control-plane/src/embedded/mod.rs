//! The API in the caller's process.
//!
//! Several processes can use the store at the same time under a shared lock. A server holds an
//! exclusive lock; requests then go through its socket, so callers need not distinguish the two.

mod cancellation;
mod lock;
mod process;
mod socket;
mod socket_client;
#[cfg(test)]
mod tests;

pub use lock::{LockError, ServerLock, SharedLock};
pub use process::Embedded;
pub use socket::{SOCKET_FILE, ShortPath};
