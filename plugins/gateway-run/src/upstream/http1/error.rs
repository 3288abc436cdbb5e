//! Why there is no response, or no more of it.

use std::fmt;
use std::io;

/// An error of a connection.
#[derive(Debug)]
pub(in super::super) enum Http1Error {
    /// The upstream closed the connection before it sent any of the response.
    Closed,
    /// The upstream closed the connection within the response.
    Incomplete,
    /// The response is not valid.
    Malformed(&'static str),
    /// The transport failed.
    Io(io::Error),
}

impl fmt::Display for Http1Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("it was closed before the response"),
            Self::Incomplete => f.write_str("it was closed before the end of the response"),
            Self::Malformed(what) => write!(f, "the response is not valid HTTP/1.1: {what}"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Http1Error {}

impl Http1Error {
    /// Whether the connection ended, for whatever the request was.
    pub(super) fn is_disconnect(&self) -> bool {
        match self {
            Self::Closed => true,
            Self::Io(error) => matches!(
                error.kind(),
                // A TLS connection that is closed without a message is an unexpected end.
                io::ErrorKind::UnexpectedEof
                    | io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::BrokenPipe
                    | io::ErrorKind::NotConnected
            ),
            Self::Incomplete | Self::Malformed(_) => false,
        }
    }
}
