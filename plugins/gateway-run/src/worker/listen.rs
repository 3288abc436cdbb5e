//! Listening sockets: one per worker on the same address.

use super::kept::Kept;
use kt_plugin_api::{Class, Error};
use socket2::{Domain, Protocol, Socket, Type};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

/// Connections that may wait for a worker; the kernel caps it.
const BACKLOG: i32 = 1024;

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
    sockets(address, count).map_err(|e| in_use(text, &e))
}

fn sockets(asked: SocketAddr, count: usize) -> std::io::Result<Bound> {
    let chosen_by_system = asked.port() == 0;
    if !chosen_by_system {
        // Sockets with SO_REUSEPORT would quietly share the port with another
        // gateway of the same user; this one finds that out. A port that the
        // system chooses is nobody's.
        drop(TcpListener::bind(asked)?);
    }
    let first = socket(asked)?;
    let address = first.local_addr()?;
    let mut listeners = vec![first];
    for _ in 1..count {
        listeners.push(socket(address)?);
    }
    Ok(Bound {
        address,
        listeners,
        chosen_by_system,
    })
}

fn socket(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
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
