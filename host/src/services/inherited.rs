//! Descriptors that a service manager passed to the process, such as listening
//! sockets that it kept while the service was restarted.

use crate::environment::Environment;
use std::collections::VecDeque;
use std::ops::Range;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// The first descriptor that is passed: `SD_LISTEN_FDS_START` of
/// sd_listen_fds(3).
const FIRST: RawFd = 3;
/// More than this is no service manager's word.
const MOST: RawFd = 1024;

/// Whether what was passed has been taken: a descriptor has one owner.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// What was passed and not taken yet.
#[derive(Default)]
pub(crate) struct Inherited(Mutex<VecDeque<(String, OwnedFd)>>);

impl Inherited {
    /// What the environment says was passed to this very process. Must come
    /// before the process opens anything of its own, which could have the number
    /// of a descriptor that was promised and not passed. Later calls find
    /// nothing.
    pub(crate) fn take_all(env: &Environment) -> Self {
        if TAKEN.swap(true, Ordering::SeqCst) {
            return Self::default();
        }
        let mut names = env.var("LISTEN_FDNAMES").unwrap_or_default().split(':');
        let all = promised(env, std::process::id())
            .map(|fd| (names.next().unwrap_or_default().to_owned(), own(fd)))
            .filter_map(|(name, fd)| Some((name, fd?)))
            .collect();
        Self(Mutex::new(all))
    }

    pub(super) fn take(&self) -> Option<(String, OwnedFd)> {
        self.0.lock().ok()?.pop_front()
    }
}

/// The numbers of the descriptors that process `id` is told of.
fn promised(env: &Environment, id: u32) -> Range<RawFd> {
    let count = env.var("LISTEN_FDS").and_then(|n| n.parse().ok());
    let count = count.filter(|_| env.var("LISTEN_PID") == Some(&id.to_string()));
    FIRST..FIRST + count.unwrap_or(0).clamp(0, MOST)
}

/// Takes a descriptor, unless there is none of that number.
fn own(fd: RawFd) -> Option<OwnedFd> {
    // SAFETY: the call only looks at the number, whatever it is.
    if unsafe { libc::fcntl(fd, libc::F_GETFD) } == -1 {
        return None;
    }
    // SAFETY: it is open, and was before this process opened anything, so the
    // service manager opened it; this is called once for each.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    // Not for programs that this process starts.
    let _kept_open = rustix::io::fcntl_setfd(&fd, rustix::io::FdFlags::CLOEXEC);
    Some(fd)
}

#[cfg(test)]
mod tests {
    use super::{Inherited, own, promised};
    use crate::environment::Environment;
    use std::os::fd::{AsRawFd, IntoRawFd};

    fn told(count: &str, pid: &str) -> std::ops::Range<i32> {
        let env = Environment::for_test(&[("LISTEN_FDS", count), ("LISTEN_PID", pid)]);
        promised(&env, 7)
    }

    #[test]
    fn only_what_is_meant_for_this_process_counts() {
        assert_eq!(told("2", "7"), 3..5);
        for (count, pid) in [("2", "8"), ("2", ""), ("-1", "7"), ("x", "7"), ("", "7")] {
            assert!(told(count, pid).is_empty(), "{count} {pid}");
        }
        assert!(told("2000000000", "7").len() <= 1024);
    }

    #[test]
    fn a_number_without_a_descriptor_is_not_owned() {
        // Far above what the tests open.
        assert!(own(100_000).is_none());
        let file = std::fs::File::open("/dev/null").unwrap();
        let number = file.into_raw_fd();
        let owned = own(number).unwrap();
        assert_eq!(owned.as_raw_fd(), number);
    }

    #[test]
    fn descriptors_are_taken_once_in_a_process() {
        let env = Environment::for_test(&[]);
        drop(Inherited::take_all(&env));
        let own = std::process::id().to_string();
        let again = Environment::for_test(&[("LISTEN_FDS", "1"), ("LISTEN_PID", &own)]);
        assert!(Inherited::take_all(&again).take().is_none());
    }
}
