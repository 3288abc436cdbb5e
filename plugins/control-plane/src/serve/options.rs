//! Options of a server, and what it reports once it has started.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::backup_schedule::BackupSchedule;
use super::tls::TlsFiles;
use crate::store::DatabaseAddress;

/// The options of a server.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// The state directory, with the store, the lock, the socket and the administrator's token.
    pub directory: PathBuf,
    /// The database to use instead of a file in the directory. Several servers can share it.
    pub database: Option<DatabaseAddress>,
    /// The address to listen on. Without TLS it must be a loopback address.
    pub listen: SocketAddr,
    /// The certificate. With one, the TCP listener accepts TLS only.
    pub tls: Option<TlsFiles>,
    /// A file with a token of scope `admin`, instead of a new one.
    pub admin_token_file: Option<PathBuf>,
    /// Requests per token and second, at most
    /// [`MAX_REQUESTS_PER_SECOND`](super::MAX_REQUESTS_PER_SECOND); 0 disables all limits.
    pub max_requests_per_second: u32,
    /// The schedule of backups; only for a store in a file.
    pub backups: Option<BackupSchedule>,
}

/// What a server reports once it has started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerInfo {
    /// The address, with the port that the system chose if the requested port was 0.
    pub address: SocketAddr,
    /// Whether the listener accepts TLS.
    pub tls: bool,
    /// The Unix socket for users of this machine.
    pub socket: PathBuf,
    /// The file with the administrator's token.
    pub admin_token_file: PathBuf,
    /// Whether this start created the token.
    pub admin_token_created: bool,
}

impl ServerInfo {
    /// Returns the URL of the server.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }
}
