//! File descriptors from the service manager, such as listening sockets that it held
//! during a restart of the service.

use crate::environment::Environment;
use std::collections::VecDeque;
use std::ops::Range;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// The first descriptor, `SD_LISTEN_FDS_START` of sd_listen_fds(3).
const FIRST: RawFd = 3;
/// The maximum number of descriptors, against invalid values.
const MAX_COUNT: RawFd = 1024;

/// Whether the descriptors were taken: a descriptor has one owner.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The descriptors that were not taken yet, with their names.
#[derive(Default)]
pub(crate) struct InheritedDescriptors(Mutex<VecDeque<(String, OwnedFd)>>);

impl InheritedDescriptors {
    /// Takes the descriptors that the environment announces for this process. The
    /// call must precede every other that opens a file, which could get the number
    /// of a descriptor that was announced but not passed. Later calls return none.
    pub(crate) fn from_environment(env: &Environment) -> Self {
        if TAKEN.swap(true, Ordering::SeqCst) {
            return Self::default();
        }
        let mut names = env.var("LISTEN_FDNAMES").unwrap_or_default().split(':');
        let all = announced(env, std::process::id())
            .map(|fd| {
                (
                    names.next().unwrap_or_default().to_owned(),
                    take_ownership(fd),
                )
            })
            .filter_map(|(name, fd)| Some((name, fd?)))
            .collect();
        Self(Mutex::new(all))
    }

    pub(super) fn take(&self) -> Option<(String, OwnedFd)> {
        self.0.lock().ok()?.pop_front()
    }
}

/// Returns the numbers of the descriptors that are announced for the process `id`.
fn announced(env: &Environment, id: u32) -> Range<RawFd> {
    let count = env.var("LISTEN_FDS").and_then(|n| n.parse().ok());
    let count = count.filter(|_| env.var("LISTEN_PID") == Some(&id.to_string()));
    FIRST..FIRST + count.unwrap_or(0).clamp(0, MAX_COUNT)
}

/// Takes a descriptor, if it is open.
fn take_ownership(fd: RawFd) -> Option<OwnedFd> {
    // SAFETY: the call has no effect, whatever the number is.
    if unsafe { libc::fcntl(fd, libc::F_GETFD) } == -1 {
        return None;
    }
    // SAFETY: it was open before this process opened any file, so it comes from the
    // service manager; this is called once for each number.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    // Child processes must not inherit it. A failure is harmless.
    let _result = rustix::io::fcntl_setfd(&fd, rustix::io::FdFlags::CLOEXEC);
    Some(fd)
}

#[cfg(test)]
mod tests {
    use super::{InheritedDescriptors, announced, take_ownership};
    use crate::environment::Environment;
    use std::os::fd::{AsRawFd, IntoRawFd};

    fn announced_for_7(count: &str, pid: &str) -> std::ops::Range<i32> {
        let env = Environment::for_test(&[("LISTEN_FDS", count), ("LISTEN_PID", pid)]);
        announced(&env, 7)
    }

    #[test]
    fn only_descriptors_for_this_process_are_taken() {
        assert_eq!(announced_for_7("2", "7"), 3..5);
        for (count, pid) in [("2", "8"), ("2", ""), ("-1", "7"), ("x", "7"), ("", "7")] {
            assert!(announced_for_7(count, pid).is_empty(), "{count} {pid}");
        }
        assert!(announced_for_7("2000000000", "7").len() <= 1024);
    }

    #[test]
    fn a_closed_descriptor_is_not_taken() {
        // Far above the descriptors that the tests open.
        assert!(take_ownership(100_000).is_none());
        let file = std::fs::File::open("/dev/null").unwrap();
        let number = file.into_raw_fd();
        let owned = take_ownership(number).unwrap();
        assert_eq!(owned.as_raw_fd(), number);
    }

    #[test]
    fn descriptors_are_taken_once_per_process() {
        let env = Environment::for_test(&[]);
        drop(InheritedDescriptors::from_environment(&env));
        let pid = std::process::id().to_string();
        let again = Environment::for_test(&[("LISTEN_FDS", "1"), ("LISTEN_PID", &pid)]);
        assert!(
            InheritedDescriptors::from_environment(&again)
                .take()
                .is_none()
        );
    }
}
