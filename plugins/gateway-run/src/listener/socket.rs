//! Opening sockets: one per worker on the same address, or one shared by all
//! where the system does not balance connections over several.

use socket2::{Domain, Protocol, Socket, Type};
use std::net::{SocketAddr, TcpListener};

/// The length of the accept queue; the kernel caps it.
pub(super) const BACKLOG: i32 = 1024;
/// Whether the system balances connections over sockets with `SO_REUSEPORT`.
/// macOS gives every connection to the socket that was bound last, and the other
/// workers would idle.
pub(super) const BALANCES_REUSEPORT: bool = cfg!(not(target_os = "macos"));

/// Opens `count` listening sockets on an address.
///
/// # Errors
/// The error of the system, such as `AddrInUse`.
pub(super) fn open(
    requested: SocketAddr,
    count: usize,
    reuse_port: bool,
) -> std::io::Result<(SocketAddr, Vec<TcpListener>)> {
    if requested.port() != 0 {
        // Sockets with SO_REUSEPORT would silently share the port with another
        // gateway of the same user; a plain bind detects that.
        drop(TcpListener::bind(requested)?);
    }
    let first = listen(requested, reuse_port)?;
    let address = first.local_addr()?;
    let mut listeners = Vec::with_capacity(count);
    for _ in 1..count {
        listeners.push(if reuse_port {
            listen(address, true)?
        } else {
            first.try_clone()?
        });
    }
    listeners.push(first);
    Ok((address, listeners))
}

fn listen(address: SocketAddr, reuse_port: bool) -> std::io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(reuse_port)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::open;
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn opens_one_listener_per_worker_with_and_without_reuse_port() {
        for reuse_port in [true, false] {
            let (address, listeners) = open("127.0.0.1:0".parse().unwrap(), 3, reuse_port).unwrap();
            assert!(address.port() != 0);
            assert_eq!(listeners.len(), 3);
            for listener in &listeners {
                assert_eq!(listener.local_addr().unwrap(), address);
            }
            let error = TcpListener::bind(address).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AddrInUse);
        }
    }

    #[test]
    fn any_worker_can_accept_from_a_shared_listener() {
        let (address, listeners) = open("127.0.0.1:0".parse().unwrap(), 3, false).unwrap();
        for listener in &listeners {
            let _client = TcpStream::connect(address).unwrap();
            listener.accept().unwrap();
            let error = listener.accept().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
        }
    }
}
