//! Errors of the server.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::tls::TlsConfigError;
use crate::embedded::LockError;
use crate::store::StoreError;

/// An error that keeps a server from starting, or ends it.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is not a loopback address, and TLS is not configured.
    #[error("{0} is not a loopback address, which requires TLS")]
    NotLoopback(SocketAddr),
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsConfigError),
    /// The store is in use.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The server cannot listen on the address.
    #[error("cannot listen on {0}: {1}")]
    Listen(String, io::Error),
    /// The administrator's token cannot be read or written.
    #[error("the administrator's token in {0} cannot be used: {1}")]
    AdminToken(PathBuf, String),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A system call failed.
    #[error("the server cannot run: {0}")]
    System(#[from] io::Error),
}
