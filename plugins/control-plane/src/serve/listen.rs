//! The two places a server listens on.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::ServeError;
use crate::embedded::{SOCKET_FILE, ShortPath};

/// Pause after a failed accept, which mostly means that descriptors ran out.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Listeners {
    tcp: TcpListener,
    address: SocketAddr,
    local: UnixListener,
    socket: PathBuf,
}

impl Listeners {
    /// Listens. The caller holds the server's lock, so a socket that is there already is stale.
    pub(super) fn bind(wanted: SocketAddr, directory: &Path) -> Result<Self, ServeError> {
        let failed = |error| ServeError::Listen(wanted.to_string(), error);
        let tcp = std::net::TcpListener::bind(wanted).map_err(failed)?;
        tcp.set_nonblocking(true).map_err(failed)?;
        let tcp = TcpListener::from_std(tcp).map_err(failed)?;
        let address = tcp.local_addr().map_err(failed)?;
        let socket = directory.join(SOCKET_FILE);
        let failed = |error| ServeError::Listen(socket.display().to_string(), error);
        let local = bind_socket(directory).map_err(failed)?;
        Ok(Self {
            tcp,
            address,
            local,
            socket,
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    /// Waits for a connection over TCP, and tells from where; `None` when one came to nothing.
    pub(super) async fn tcp(&self) -> Option<(TcpStream, IpAddr)> {
        match self.tcp.accept().await {
            Ok((stream, from)) => {
                let ready = stream.set_nodelay(true).ok();
                ready.map(|()| (stream, from.ip()))
            }
            Err(error) => pause(&error).await,
        }
    }

    /// Waits for a connection of a user of this machine, and tells which.
    pub(super) async fn local(&self) -> Option<(UnixStream, u32)> {
        match self.local.accept().await {
            Ok((stream, _)) => {
                let uid = stream.peer_cred().ok()?.uid();
                Some((stream, uid))
            }
            Err(error) => pause(&error).await,
        }
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        // If it stays, the next server removes it.
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
    // Until this takes effect the check of the caller's uid keeps others out.
    fs::set_permissions(short.as_path(), Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn pause<T>(error: &io::Error) -> Option<T> {
    tracing::warn!(%error, "cannot accept a connection");
    tokio::time::sleep(PAUSE).await;
    None
}
