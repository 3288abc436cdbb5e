//! Timeouts of the database.

use std::time::Duration;

/// How long a request waits for a connection, a lock or a result. The database has the same limits,
/// so that it stops, too.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
