//! TLS: the server's certificate, and the handshake.

mod certificate;
mod error;
mod file_stamps;
mod handshake;
mod key_file;
mod rotation;
#[cfg(test)]
mod tests;

pub use certificate::TlsFiles;
pub use error::TlsConfigError;

pub(super) use handshake::TlsHandshake;
pub(super) use rotation::CertificateWatcher;
