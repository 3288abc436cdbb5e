//! Where connections come from.

use std::net::IpAddr;

/// The listener and the peer of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) enum PeerOrigin {
    /// TCP. A token authenticates the caller.
    Tcp(IpAddr),
    /// TLS over TCP. A token authenticates the caller.
    Tls(IpAddr),
    /// The Unix socket. The kernel reports the user id of the caller.
    Unix(u32),
}
