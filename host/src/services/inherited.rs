//! Descriptors that a service manager passed to the process, such as listening
//! sockets that it kept while the service was restarted.

use crate::environment::Environment;
use std::collections::VecDeque;
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::Mutex;

/// The first descriptor that is passed: `SD_LISTEN_FDS_START` of
/// sd_listen_fds(3).
const FIRST: i32 = 3;
/// More than this is no service manager's word.
const MOST: i32 = 1024;

/// What was passed and not taken yet.
#[derive(Default)]
pub(crate) struct Inherited(Mutex<VecDeque<(String, OwnedFd)>>);

impl Inherited {
    /// What the environment says was passed to this very process. Called once,
    /// at the start.
    pub(crate) fn of(env: &Environment) -> Self {
        let own = std::process::id().to_string();
        if env.var("LISTEN_PID") != Some(&own) {
            return Self::default();
        }
        let count: i32 = env
            .var("LISTEN_FDS")
            .and_then(|n| n.parse().ok())
            .unwrap_or(0);
        let mut names = env.var("LISTEN_FDNAMES").unwrap_or_default().split(':');
        let all = (FIRST..FIRST + count.clamp(0, MOST))
            .map(|fd| {
                // SAFETY: the service manager opened it for this process, whose
                // id it named, and nobody else here knows of it.
                let fd = unsafe { OwnedFd::from_raw_fd(fd) };
                // Not for programs that this process starts.
                let _kept_open = rustix::io::fcntl_setfd(&fd, rustix::io::FdFlags::CLOEXEC);
                (names.next().unwrap_or_default().to_owned(), fd)
            })
            .collect();
        Self(Mutex::new(all))
    }

    pub(crate) fn take(&self) -> Option<(String, OwnedFd)> {
        self.0.lock().ok()?.pop_front()
    }
}
