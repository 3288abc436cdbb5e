//! The number of concurrent connections.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Largest number of connections. A waiting one was measured to take 17 kB, and 25 kB with TLS, so
/// this many take 250 MB or 375 MB.
const MAX_CONNECTIONS: u64 = 15_000;
/// Smallest number of connections, whatever the limit of the system.
const MIN_CONNECTIONS: usize = 16;
/// Descriptors reserved for the database, the sockets and files.
const RESERVED_DESCRIPTORS: u64 = 256;

/// Raises the soft limit of descriptors to the hard limit, and returns the number of connections
/// that it allows.
pub(super) fn connection_limit() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    let descriptors = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    limit_for(descriptors)
}

/// Returns the number of connections for a limit of descriptors; `None` is no limit.
fn limit_for(descriptors: Option<u64>) -> usize {
    let connections = descriptors.map_or(MAX_CONNECTIONS, |all| {
        all.saturating_sub(RESERVED_DESCRIPTORS)
            .min(MAX_CONNECTIONS)
    });
    usize::try_from(connections)
        .unwrap_or(usize::MAX)
        .max(MIN_CONNECTIONS)
}

#[cfg(test)]
mod tests {
    use super::limit_for;

    #[test]
    fn descriptors_are_reserved_for_other_uses() {
        assert_eq!(limit_for(None), 15_000);
        assert_eq!(limit_for(Some(20_000)), 15_000);
        assert_eq!(limit_for(Some(1024)), 768);
        assert_eq!(limit_for(Some(10)), 16);
    }
}
