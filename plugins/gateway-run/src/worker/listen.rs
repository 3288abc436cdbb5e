//! Listening sockets: one per worker on the same address, or one that all share
//! where the system would not spread connections over several.

use super::kept::Kept;
use kt_plugin_api::{Class, Error};
use socket2::{Domain, Protocol, Socket, Type};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

/// Connections that may wait for a worker; the kernel caps it.
pub(super) const BACKLOG: i32 = 1024;
/// Whether the system spreads connections over sockets with `SO_REUSEPORT`.
/// macOS gives every one to the socket that was bound last, and the other
/// workers would idle.
const SPREADS: bool = cfg!(not(target_os = "macos"));

/// The sockets of an address.
pub(crate) struct Bound {
    pub(crate) address: SocketAddr,
    pub(crate) listeners: Vec<TcpListener>,
    /// Nobody asked for this port.
    pub(crate) chosen_by_system: bool,
}

/// Binds `count` sockets to `text`, or takes those of `name` that the service
/// manager kept.
///
/// # Errors
/// Class `usage` for an address that is none, `conflict` for one in use.
pub(crate) fn bind(
    text: &str,
    count: usize,
    kept: &mut Kept,
    name: &'static str,
) -> Result<Bound, Error> {
    let address = text
        .to_socket_addrs()
        .ok()
        .and_then(|mut all| all.next())
        .ok_or_else(|| {
            Error::new(
                Class::Usage,
                "bad-address",
                format!("`{text}` is no address to listen on"),
            )
            .hint("write it as HOST:PORT, such as 127.0.0.1:41002")
        })?;
    if let Some(listeners) = kept.take(name, address, count) {
        return Ok(Bound {
            address,
            listeners,
            chosen_by_system: false,
        });
    }
    sockets(address, count, SPREADS).map_err(|e| in_use(text, &e))
}

fn sockets(asked: SocketAddr, count: usize, spreads: bool) -> std::io::Result<Bound> {
    let chosen_by_system = asked.port() == 0;
    if !chosen_by_system {
        // Sockets with SO_REUSEPORT would quietly share the port with another
        // gateway of the same user; this one finds that out. A port that the
        // system chooses is nobody's.
        drop(TcpListener::bind(asked)?);
    }
    let first = socket(asked, spreads)?;
    let address = first.local_addr()?;
    let mut listeners = Vec::with_capacity(count);
    for _ in 1..count {
        listeners.push(if spreads {
            socket(address, true)?
        } else {
            first.try_clone()?
        });
    }
    listeners.push(first);
    Ok(Bound {
        address,
        listeners,
        chosen_by_system,
    })
}

fn socket(address: SocketAddr, one_of_many: bool) -> std::io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(one_of_many)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn in_use(text: &str, e: &std::io::Error) -> Error {
    let error = match e.kind() {
        std::io::ErrorKind::AddrInUse => Error::new(
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
    error.cause(e)
}

#[cfg(test)]
mod tests {
    use super::sockets;
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn every_worker_has_a_listener_whether_the_system_spreads_or_not() {
        for spreads in [true, false] {
            let bound = sockets("127.0.0.1:0".parse().unwrap(), 3, spreads).unwrap();
            assert!(bound.chosen_by_system && bound.address.port() != 0);
            assert_eq!(bound.listeners.len(), 3);
            for listener in &bound.listeners {
                assert_eq!(listener.local_addr().unwrap(), bound.address);
            }
            let taken = TcpListener::bind(bound.address).unwrap_err();
            assert_eq!(taken.kind(), ErrorKind::AddrInUse);
        }
    }

    #[test]
    fn any_worker_can_take_a_connection_from_a_shared_listener() {
        let bound = sockets("127.0.0.1:0".parse().unwrap(), 3, false).unwrap();
        for listener in &bound.listeners {
            let _client = TcpStream::connect(bound.address).unwrap();
            listener.accept().unwrap();
            let nobody = listener.accept().unwrap_err();
            assert_eq!(nobody.kind(), ErrorKind::WouldBlock);
        }
    }
}
