//! The listeners of a server.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::error::ServeError;
use crate::embedded::{SOCKET_FILE, ShortPath};

/// Pause after a failed accept, which usually means that there are no descriptors left.
const ACCEPT_ERROR_PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Listeners {
    tcp: TcpListener,
    address: SocketAddr,
    unix: UnixListener,
    socket: PathBuf,
}

impl Listeners {
    /// Starts to listen. The caller holds the server's lock, so an existing socket is stale.
    pub(super) fn bind(listen: SocketAddr, directory: &Path) -> Result<Self, ServeError> {
        let failed = |error| ServeError::Listen(listen.to_string(), error);
        let tcp = std::net::TcpListener::bind(listen).map_err(failed)?;
        tcp.set_nonblocking(true).map_err(failed)?;
        let tcp = TcpListener::from_std(tcp).map_err(failed)?;
        let address = tcp.local_addr().map_err(failed)?;
        let socket = directory.join(SOCKET_FILE);
        let failed = |error| ServeError::Listen(socket.display().to_string(), error);
        let unix = bind_socket(directory).map_err(failed)?;
        Ok(Self {
            tcp,
            address,
            unix,
            socket,
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    /// Accepts a TCP connection, and returns it with the address of the peer; `None` after an
    /// error.
    pub(super) async fn accept_tcp(&self) -> Option<(TcpStream, IpAddr)> {
        match self.tcp.accept().await {
            Ok((stream, peer)) => {
                let ready = stream.set_nodelay(true).ok();
                ready.map(|()| (stream, peer.ip()))
            }
            Err(error) => pause_after(&error).await,
        }
    }

    /// Accepts a connection on the Unix socket, and returns it with the user id of the peer.
    pub(super) async fn accept_unix(&self) -> Option<(UnixStream, u32)> {
        match self.unix.accept().await {
            Ok((stream, _)) => {
                let uid = stream.peer_cred().ok()?.uid();
                Some((stream, uid))
            }
            Err(error) => pause_after(&error).await,
        }
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        // The next server removes a socket that is left behind.
        drop(fs::remove_file(&self.socket));
    }
}

fn bind_socket(directory: &Path) -> Result<UnixListener, io::Error> {
    let short = ShortPath::of(directory)?;
    match fs::remove_file(short.as_path()) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(short.as_path())?;
    // Before this takes effect, the check of the peer's user id rejects other users.
    fs::set_permissions(short.as_path(), Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn pause_after<T>(error: &io::Error) -> Option<T> {
    tracing::warn!(%error, "cannot accept a connection");
    tokio::time::sleep(ACCEPT_ERROR_PAUSE).await;
    None
}
