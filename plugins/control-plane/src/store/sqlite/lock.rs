//! Locks of connections.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a connection. A panic while the lock was held has rolled its transaction back, so the
/// connection is usable.
pub(super) fn locked<T>(connection: &Mutex<T>) -> MutexGuard<'_, T> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}
