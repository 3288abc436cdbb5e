//! TLS on the server's side: the certificate it shows, and the handshake.

mod error;
mod handshake;
mod key_file;
mod pair;
mod rotation;
mod stamps;
#[cfg(test)]
mod tests;

pub use error::TlsConfigError;
pub use pair::TlsFiles;

pub(super) use handshake::Tls;
pub(super) use rotation::Rotation;
