//! The API in the caller's process.
//!
//! Several processes use the store at once under a shared lock. A server holds the lock
//! exclusively; requests then go through its socket, so that the same calls work either way.

mod lock;
mod process;
mod relay;
mod socket;
#[cfg(test)]
mod tests;

pub use lock::{LockError, ServerLock, SharedLock};
pub use process::Embedded;
pub use socket::{SOCKET_FILE, ShortPath};
