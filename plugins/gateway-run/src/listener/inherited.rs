//! Listening sockets in the service manager's file descriptor store, where they
//! survive a restart of the gateway: clients wait for a moment instead of being
//! refused.
//!
//! Only a successful start leaves sockets in the store. A failed one removes
//! them, because clients would wait for a response.

use super::socket::BACKLOG;
use sd_notify::NotifyState;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Names of the sockets in the file descriptor store.
pub(crate) const TRAFFIC_SOCKET: &str = "kt-traffic";
pub(crate) const ADMIN_SOCKET: &str = "kt-admin";
/// Descriptors that fit into one message (`SCM_MAX_FD` of unix(7) is 253).
const MAX_FDS_PER_MESSAGE: usize = 128;

/// Inherited sockets that are not in use yet.
#[derive(Default)]
pub(crate) struct InheritedSockets {
    sockets: Vec<(String, TcpListener)>,
    /// The start has succeeded: dropping this no longer clears the store.
    committed: bool,
}

/// The inherited sockets for an address.
#[derive(Debug)]
pub(super) enum Match {
    /// As many sockets as requested.
    Exact(Vec<TcpListener>),
    /// Others. The service manager was notified to remove them, and may keep them
    /// open a moment longer.
    Released,
    /// There were none.
    None,
}

/// Sockets to be stored once the start has succeeded.
pub(crate) struct PendingStore {
    inherited: InheritedSockets,
    sockets: Vec<(&'static str, Vec<OwnedFd>)>,
}

/// Whether a descriptor is a listening socket: listening again succeeds on one,
/// and fails on a connected socket. macOS cannot be queried.
fn is_listening(fd: &OwnedFd) -> bool {
    rustix::net::listen(fd, BACKLOG).is_ok()
}

impl InheritedSockets {
    /// Selects the gateway's sockets among the descriptors that were passed.
    pub(crate) fn new(descriptors: Vec<(String, OwnedFd)>) -> Self {
        let sockets = descriptors
            .into_iter()
            .filter(|(name, fd)| {
                [TRAFFIC_SOCKET, ADMIN_SOCKET].contains(&name.as_str()) && is_listening(fd)
            })
            .map(|(name, fd)| (name, TcpListener::from(fd)))
            .collect();
        Self {
            sockets,
            committed: false,
        }
    }

    /// Takes exactly `count` sockets called `name` on `address`. Others of that
    /// name are closed and removed from the store: connections that the kernel
    /// assigns to a socket that nothing reads would hang.
    pub(super) fn take(&mut self, name: &'static str, address: SocketAddr, count: usize) -> Match {
        let (named, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.sockets)
            .into_iter()
            .partition(|(other, _)| other == name);
        self.sockets = rest;
        if named.is_empty() {
            return Match::None;
        }
        let named: Vec<TcpListener> = named.into_iter().map(|(_, socket)| socket).collect();
        let has_address = |s: &TcpListener| s.local_addr().is_ok_and(|other| other == address);
        let set_up = |s: &TcpListener| s.set_nonblocking(true).is_ok();
        if named.len() == count && named.iter().all(|s| has_address(s) && set_up(s)) {
            return Match::Exact(named);
        }
        remove_stored(name);
        Match::Released
    }

    /// Prepares to store sockets. Those for which the system has no descriptors
    /// left come as an empty list: a restart then refuses connections for a
    /// moment.
    pub(crate) fn prepare_store(self, sockets: Vec<(&'static str, Vec<OwnedFd>)>) -> PendingStore {
        PendingStore {
            inherited: self,
            sockets,
        }
    }
}

impl PendingStore {
    /// Stores the sockets; the start has succeeded.
    pub(crate) fn commit(mut self) {
        self.inherited.committed = true;
        for (name, sockets) in &self.sockets {
            store(name, sockets);
        }
    }
}

impl Drop for InheritedSockets {
    fn drop(&mut self) {
        if !self.committed {
            remove_stored(TRAFFIC_SOCKET);
            remove_stored(ADMIN_SOCKET);
        }
    }
}

fn store(name: &str, sockets: &[OwnedFd]) {
    let fds: Vec<BorrowedFd<'_>> = sockets.iter().map(AsFd::as_fd).collect();
    for chunk in fds.chunks(MAX_FDS_PER_MESSAGE) {
        let states = [NotifyState::FdStore, NotifyState::FdName(name)];
        if let Err(error) = sd_notify::notify_with_fds(&states, chunk) {
            tracing::debug!("cannot store sockets in the service manager: {error}");
        }
    }
}

fn remove_stored(name: &str) {
    let states = [NotifyState::FdStoreRemove, NotifyState::FdName(name)];
    if let Err(error) = sd_notify::notify(&states) {
        tracing::debug!("cannot remove stored sockets from the service manager: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::{ADMIN_SOCKET, InheritedSockets, Match, TRAFFIC_SOCKET};
    use std::net::TcpListener;

    fn inherited(sockets: Vec<(&str, TcpListener)>) -> InheritedSockets {
        let owned = |(name, socket): (&str, TcpListener)| (name.to_owned(), socket.into());
        InheritedSockets::new(sockets.into_iter().map(owned).collect())
    }

    fn listener() -> TcpListener {
        TcpListener::bind("127.0.0.1:0").unwrap()
    }

    #[test]
    fn sockets_are_matched_by_name_address_and_number() {
        let (traffic, admin) = (listener(), listener());
        let address = traffic.local_addr().unwrap();
        let mut sockets = inherited(vec![
            (TRAFFIC_SOCKET, traffic),
            (ADMIN_SOCKET, admin),
            ("x", listener()),
        ]);
        let Match::Exact(adopted) = sockets.take(TRAFFIC_SOCKET, address, 1) else {
            panic!("the socket is there");
        };
        assert_eq!(adopted[0].local_addr().unwrap(), address);
        assert!(matches!(
            sockets.take(TRAFFIC_SOCKET, address, 1),
            Match::None
        ));
        assert_eq!(sockets.sockets.len(), 1);
    }

    #[test]
    fn sockets_that_do_not_match_are_closed() {
        let socket = listener();
        let address = socket.local_addr().unwrap();
        let mut sockets = inherited(vec![(TRAFFIC_SOCKET, socket)]);
        assert!(matches!(
            sockets.take(TRAFFIC_SOCKET, address, 2),
            Match::Released
        ));
        std::net::TcpStream::connect(address).unwrap_err();
    }

    #[test]
    fn connected_sockets_are_ignored() {
        let server = listener();
        let client = std::net::TcpStream::connect(server.local_addr().unwrap()).unwrap();
        let sockets = InheritedSockets::new(vec![(TRAFFIC_SOCKET.to_owned(), client.into())]);
        assert!(sockets.sockets.is_empty());
    }
}
