//! Listening sockets: one per worker on the same address, or one that all share
//! where the system would not spread connections over several.

use super::kept::{Kept, Taken};
use kt_plugin_api::{Class, Error};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// Connections that may wait for a worker; the kernel caps it.
pub(super) const BACKLOG: i32 = 1024;
/// Whether the system spreads connections over sockets with `SO_REUSEPORT`.
/// macOS gives every one to the socket that was bound last, and the other
/// workers would idle.
const SPREADS: bool = cfg!(not(target_os = "macos"));
/// How long the service manager may take to close sockets that it was told to
/// let go of: it reads that later, and closes them aside from its other work.
const LET_GO: Duration = Duration::from_secs(5);
/// How often it is looked whether it has.
const TICK: Duration = Duration::from_millis(10);

/// The sockets of an address.
pub(crate) struct Bound {
    pub(crate) address: SocketAddr,
    pub(crate) listeners: Vec<TcpListener>,
    /// Nobody asked for this port.
    pub(crate) chosen_by_system: bool,
}

impl Bound {
    /// The same sockets once more.
    pub(super) fn copies(&self) -> std::io::Result<Vec<OwnedFd>> {
        let copy = |listener: &TcpListener| Ok(listener.try_clone()?.into());
        self.listeners.iter().map(copy).collect()
    }
}

/// Binds `count` sockets to `text`, or takes those of `name` that the service
/// manager kept.
///
/// # Errors
/// Class `usage` for an address that is none, `unavailable` for a name that
/// cannot be looked up, `conflict` for an address in use.
pub(crate) fn bind(
    text: &str,
    count: usize,
    kept: &mut Kept,
    name: &'static str,
) -> Result<Bound, Error> {
    let address = resolve(text, |host, port| {
        Ok((host, port).to_socket_addrs()?.next())
    })?;
    let patience = match kept.take(name, address, count) {
        Taken::All(listeners) => {
            return Ok(Bound {
                address,
                listeners,
                chosen_by_system: false,
            });
        }
        Taken::Forgotten => LET_GO,
        Taken::Nothing => Duration::ZERO,
    };
    let end = Instant::now() + patience;
    loop {
        match sockets(address, count, SPREADS) {
            Err(e) if e.kind() == ErrorKind::AddrInUse && Instant::now() < end => {
                std::thread::sleep(TICK);
            }
            done => return done.map_err(|e| in_use(text, &e)),
        }
    }
}

/// The address of a text: one that is written out, or that `lookup` finds.
fn resolve(
    text: &str,
    lookup: impl Fn(&str, u16) -> std::io::Result<Option<SocketAddr>>,
) -> Result<SocketAddr, Error> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let parts = text.rsplit_once(':').filter(|(host, _)| is_name(host));
    let Some((host, port)) = parts.and_then(|(host, port)| Some((host, port.parse().ok()?))) else {
        let message = format!("`{text}` is no address to listen on");
        return Err(Error::new(Class::Usage, "bad-address", message)
            .hint("write it as HOST:PORT, such as 127.0.0.1:41002"));
    };
    // Names are looked up by what may be away, as at boot: that passes.
    let unknown = || {
        let message = format!("the address of `{host}` cannot be looked up");
        Error::new(Class::Unavailable, "unknown-host", message)
    };
    match lookup(host, port) {
        Ok(found) => found.ok_or_else(unknown),
        Err(e) => Err(unknown().cause(e)),
    }
}

/// Whether a host can be one's name. One whose last part is a number is an
/// address that is wrong.
fn is_name(host: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or("");
    host.chars().all(known) && last.contains(|c: char| !c.is_ascii_digit())
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
    error.cause(e)
}

#[cfg(test)]
mod tests {
    use super::{bind, resolve, sockets};
    use crate::worker::{Kept, TRAFFIC};
    use kt_plugin_api::Class;
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream};
    use std::time::{Duration, Instant};

    #[test]
    fn only_what_is_no_address_is_a_mistake_of_the_caller() {
        let away = |text: &str| {
            let lookup = |_: &str, _| Err(std::io::Error::other("no resolver"));
            resolve(text, lookup).map_err(|e| e.class)
        };
        assert!(away("127.0.0.1:80").is_ok() && away("[::1]:80").is_ok());
        for text in ["gateway.example:80", "localhost:0", "a_b-c.d.:1"] {
            assert_eq!(away(text), Err(Class::Unavailable), "{text}");
        }
        for text in [
            "",
            "nonsense",
            ":80",
            "host:",
            "host:http",
            "host:70000",
            "127.0.0.999:80",
            "::1:80",
            "[::1:80",
            "a b:80",
            "http://host:80",
        ] {
            assert_eq!(away(text), Err(Class::Usage), "{text}");
        }
        let nothing = resolve("host:80", |_, _| Ok(None)).unwrap_err();
        assert_eq!(nothing.class, Class::Unavailable);
    }

    /// The service manager has its own copy of a socket that it is told to let
    /// go of, and closes it a little later.
    #[test]
    fn a_socket_that_is_let_go_of_is_waited_for() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let held = socket.try_clone().unwrap();
        let manager = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(200));
            drop(held);
        });
        let mut kept = Kept::of(vec![(TRAFFIC.to_owned(), socket.into())]);
        let bound = bind(&address.to_string(), 2, &mut kept, TRAFFIC).unwrap();
        assert_eq!(bound.listeners.len(), 2);
        manager.join().unwrap();
        // Where nothing was let go of, a conflict is one at once.
        let start = Instant::now();
        let error = bind(&address.to_string(), 2, &mut kept, TRAFFIC).map(|_| ());
        assert_eq!(error.unwrap_err().class, Class::Conflict);
        assert!(start.elapsed() < Duration::from_secs(1));
    }

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
