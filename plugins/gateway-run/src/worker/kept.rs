//! Listening sockets that the service manager keeps while the gateway is
//! restarted, so that clients wait for a moment instead of being refused.
//!
//! Only a start that succeeds leaves sockets there. One that fails takes them
//! back, because clients would wait in vain.

use super::listen::{BACKLOG, Bound};
use sd_notify::NotifyState;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Names of the sockets in the service manager's store.
pub(crate) const TRAFFIC: &str = "kt-traffic";
pub(crate) const ADMIN: &str = "kt-admin";
/// Descriptors that fit into one message (`SCM_MAX_FD` of unix(7) is 253).
const AT_ONCE: usize = 128;

/// Sockets that were kept, and are not used yet.
#[derive(Default)]
pub(crate) struct Kept {
    sockets: Vec<(String, TcpListener)>,
    /// What is dropped now was not used by a start that succeeded.
    settled: bool,
}

/// What the service manager kept for an address.
#[derive(Debug)]
pub(super) enum Taken {
    /// As many sockets as are needed.
    All(Vec<TcpListener>),
    /// Others, which it was told to let go of and may hold for a moment.
    Forgotten,
    /// None.
    Nothing,
}

/// Copies of the sockets of a start that may still fail.
pub(crate) struct HandOver {
    kept: Kept,
    sockets: Vec<(&'static str, Vec<OwnedFd>)>,
}

/// Whether it is a listening socket: one that listens may be told so again, and
/// one that is connected refuses. macOS knows no way to only ask.
fn listens(fd: &OwnedFd) -> bool {
    rustix::net::listen(fd, BACKLOG).is_ok()
}

impl Kept {
    /// Sorts out what the service manager passed.
    pub(crate) fn of(inherited: Vec<(String, OwnedFd)>) -> Self {
        let sockets = inherited
            .into_iter()
            .filter(|(name, fd)| [TRAFFIC, ADMIN].contains(&name.as_str()) && listens(fd))
            .map(|(name, fd)| (name, TcpListener::from(fd)))
            .collect();
        Self {
            sockets,
            settled: false,
        }
    }

    /// Exactly `count` sockets of `name` on `address`. Others of that name are
    /// closed everywhere: connections that the system hands to a socket that
    /// nobody reads would hang.
    pub(super) fn take(&mut self, name: &'static str, address: SocketAddr, count: usize) -> Taken {
        let (mine, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.sockets)
            .into_iter()
            .partition(|(own, _)| own == name);
        self.sockets = rest;
        if mine.is_empty() {
            return Taken::Nothing;
        }
        let mine: Vec<TcpListener> = mine.into_iter().map(|(_, socket)| socket).collect();
        let fits = |s: &TcpListener| s.local_addr().is_ok_and(|own| own == address);
        let ready = |s: &TcpListener| s.set_nonblocking(true).is_ok();
        if mine.len() == count && mine.iter().all(|s| fits(s) && ready(s)) {
            return Taken::All(mine);
        }
        forget(name);
        Taken::Forgotten
    }

    /// Prepares to hand over what is listened on. Where the system has no
    /// descriptors for that, a restart refuses connections for a moment.
    pub(crate) fn hand_over(self, traffic: &Bound, admin: &Bound) -> HandOver {
        // A port that the system chose is another one the next time.
        let sockets = [(TRAFFIC, traffic), (ADMIN, admin)]
            .into_iter()
            .filter(|(_, bound)| !bound.chosen_by_system)
            .filter_map(|(name, bound)| Some((name, bound.copies().ok()?)))
            .collect();
        HandOver {
            kept: self,
            sockets,
        }
    }
}

impl HandOver {
    /// The start has succeeded: what comes back now would be missed.
    pub(crate) fn settle(mut self) {
        self.kept.settled = true;
        for (name, sockets) in &self.sockets {
            store(name, sockets);
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if !self.settled {
            forget(TRAFFIC);
            forget(ADMIN);
        }
    }
}

fn store(name: &str, sockets: &[OwnedFd]) {
    let fds: Vec<BorrowedFd<'_>> = sockets.iter().map(AsFd::as_fd).collect();
    for part in fds.chunks(AT_ONCE) {
        let states = [NotifyState::FdStore, NotifyState::FdName(name)];
        if let Err(error) = sd_notify::notify_with_fds(&states, part) {
            tracing::debug!("the service manager does not keep sockets: {error}");
        }
    }
}

fn forget(name: &str) {
    let states = [NotifyState::FdStoreRemove, NotifyState::FdName(name)];
    if let Err(error) = sd_notify::notify(&states) {
        tracing::debug!("the service manager does not let go of sockets: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::{ADMIN, Kept, TRAFFIC, Taken};
    use std::net::TcpListener;

    fn kept(sockets: Vec<(&str, TcpListener)>) -> Kept {
        let own = |(name, socket): (&str, TcpListener)| (name.to_owned(), socket.into());
        Kept::of(sockets.into_iter().map(own).collect())
    }

    fn listener() -> TcpListener {
        TcpListener::bind("127.0.0.1:0").unwrap()
    }

    #[test]
    fn sockets_are_taken_by_name_address_and_number() {
        let (traffic, admin) = (listener(), listener());
        let address = traffic.local_addr().unwrap();
        let mut sockets = kept(vec![(TRAFFIC, traffic), (ADMIN, admin), ("x", listener())]);
        let Taken::All(taken) = sockets.take(TRAFFIC, address, 1) else {
            panic!("it is there");
        };
        assert_eq!(taken[0].local_addr().unwrap(), address);
        assert!(matches!(sockets.take(TRAFFIC, address, 1), Taken::Nothing));
        assert_eq!(sockets.sockets.len(), 1);
    }

    #[test]
    fn sockets_that_do_not_fit_are_closed() {
        let socket = listener();
        let address = socket.local_addr().unwrap();
        let mut sockets = kept(vec![(TRAFFIC, socket)]);
        assert!(matches!(
            sockets.take(TRAFFIC, address, 2),
            Taken::Forgotten
        ));
        std::net::TcpStream::connect(address).unwrap_err();
    }

    #[test]
    fn only_listening_sockets_count() {
        let server = listener();
        let client = std::net::TcpStream::connect(server.local_addr().unwrap()).unwrap();
        let sockets = Kept::of(vec![(TRAFFIC.to_owned(), client.into())]);
        assert!(sockets.sockets.is_empty());
    }
}
