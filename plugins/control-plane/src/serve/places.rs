//! How many connections a server takes at once.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Most connections at once. A parked one was measured to take 17 kB, and 8 kB more with TLS, so
/// these take 250 MB, or 375.
const MOST: u64 = 15_000;
/// Descriptors that are not for connections: database, sockets, files.
const OTHERS: u64 = 256;

/// Returns how many connections there is room for, after taking all the descriptors that the
/// system lets the process have.
pub(super) fn places() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    let descriptors = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    fitting(descriptors)
}

/// `None` is no limit.
fn fitting(descriptors: Option<u64>) -> usize {
    let room = descriptors.map_or(MOST, |all| all.saturating_sub(OTHERS).min(MOST));
    // Whatever the limit, somebody is served.
    usize::try_from(room).unwrap_or(usize::MAX).max(16)
}

#[cfg(test)]
mod tests {
    use super::fitting;

    #[test]
    fn connections_leave_descriptors_for_the_rest() {
        assert_eq!(fitting(None), 15_000);
        assert_eq!(fitting(Some(20_000)), 15_000);
        assert_eq!(fitting(Some(1024)), 768);
        assert_eq!(fitting(Some(10)), 16);
    }
}
