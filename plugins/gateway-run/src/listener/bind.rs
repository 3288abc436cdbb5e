//! Binding a listen address, or adopting the inherited sockets for it.

use super::inherited::{InheritedSockets, Match};
use super::socket::{BALANCES_REUSEPORT, open};
use kt_listen_address::resolve;
use kt_plugin_api::{Class, Error};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// The time that the service manager may take to close sockets after
/// `FDSTOREREMOVE`: it reads the message later, and closes them asynchronously.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(5);
/// The pause between two attempts to bind meanwhile.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The listening sockets of an address.
pub(crate) struct BoundSockets {
    pub(crate) address: SocketAddr,
    pub(crate) listeners: Vec<TcpListener>,
    /// The system chose the port.
    pub(crate) ephemeral: bool,
}

impl BoundSockets {
    /// Returns duplicates of the sockets to be stored by the service manager, none
    /// for an ephemeral port: the next start gets another one.
    ///
    /// # Errors
    /// When the process has no descriptors left.
    pub(crate) fn to_store(&self) -> std::io::Result<Vec<OwnedFd>> {
        let duplicate = |listener: &TcpListener| Ok(listener.try_clone()?.into());
        let stored = self.listeners.iter().filter(|_| !self.ephemeral);
        stored.map(duplicate).collect()
    }
}

/// Binds `count` sockets to the address in `text`, or adopts the inherited ones
/// with this `name`.
///
/// # Errors
/// Class `usage` for an invalid address, and for one beyond loopback unless
/// `allow_remote`; `unavailable` for a name that cannot be
/// resolved, `conflict` for an address in use.
pub(crate) fn bind(
    text: &str,
    count: usize,
    inherited: &mut InheritedSockets,
    name: &'static str,
    allow_remote: bool,
) -> Result<BoundSockets, Error> {
    let requested = resolve(text, allow_remote)?;
    let timeout = match inherited.take(name, requested, count) {
        Match::Exact(listeners) => {
            return Ok(BoundSockets {
                address: requested,
                listeners,
                ephemeral: false,
            });
        }
        Match::Released => RELEASE_TIMEOUT,
        Match::None => Duration::ZERO,
    };
    let deadline = Instant::now() + timeout;
    loop {
        match open(requested, count, BALANCES_REUSEPORT) {
            Err(e) if e.kind() == ErrorKind::AddrInUse && Instant::now() < deadline => {
                std::thread::sleep(POLL_INTERVAL);
            }
            Err(error) => return Err(bind_error(text, &error)),
            Ok((address, listeners)) => {
                return Ok(BoundSockets {
                    address,
                    listeners,
                    ephemeral: requested.port() == 0,
                });
            }
        }
    }
}

fn bind_error(text: &str, source: &std::io::Error) -> Error {
    let error = match source.kind() {
        ErrorKind::AddrInUse => Error::new(
            Class::Conflict,
            "address-in-use",
            format!("`{text}` is in use by another process"),
        )
        .hint("stop the other process, or choose another address with `--listen`"),
        _ => Error::new(
            Class::Unavailable,
            "cannot-listen",
            format!("cannot listen on `{text}`"),
        ),
    };
    error.cause(source)
}

#[cfg(test)]
mod tests {
    use super::bind;
    use crate::listener::{InheritedSockets, TRAFFIC_SOCKET};
    use kt_plugin_api::Class;
    use std::net::TcpListener;
    use std::time::{Duration, Instant};

    #[test]
    fn addresses_beyond_loopback_must_be_allowed() {
        let mut inherited = InheritedSockets::new(Vec::new());
        for address in ["0.0.0.0:0", "[::]:0"] {
            let error = bind(address, 1, &mut inherited, TRAFFIC_SOCKET, false).map(|_| ());
            let error = error.unwrap_err();
            assert_eq!(
                (error.class, error.id.as_str()),
                (Class::Usage, "remote-plaintext")
            );
        }
        bind("0.0.0.0:0", 1, &mut inherited, TRAFFIC_SOCKET, true).unwrap();
        bind("127.0.0.1:0", 1, &mut inherited, TRAFFIC_SOCKET, false).unwrap();
    }

    /// The service manager has its own copy of a removed socket, and closes it a
    /// little later.
    #[test]
    fn waits_for_a_socket_that_is_being_released() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let stored = socket.try_clone().unwrap();
        let manager = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(200));
            drop(stored);
        });
        let mut inherited = InheritedSockets::new(vec![(TRAFFIC_SOCKET.to_owned(), socket.into())]);
        let bound = bind(
            &address.to_string(),
            2,
            &mut inherited,
            TRAFFIC_SOCKET,
            false,
        )
        .unwrap();
        assert_eq!(bound.listeners.len(), 2);
        manager.join().unwrap();
        // Nothing was released this time: a conflict is reported at once.
        let start = Instant::now();
        let error = bind(
            &address.to_string(),
            2,
            &mut inherited,
            TRAFFIC_SOCKET,
            false,
        )
        .map(|_| ());
        assert_eq!(error.unwrap_err().class, Class::Conflict);
        assert!(start.elapsed() < Duration::from_secs(1));
    }
}
