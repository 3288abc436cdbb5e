//! Errors of certificates and keys.

use std::io;
use std::path::PathBuf;

/// An error of the files of a certificate and its key. Never contains what is in them.
#[derive(Debug, thiserror::Error)]
pub enum TlsConfigError {
    /// A file cannot be read.
    #[error("cannot read `{}`: {}", .0.display(), .1)]
    Unreadable(PathBuf, io::Error),
    /// The certificate file contains no certificate.
    #[error("`{}` contains no PEM certificate", .0.display())]
    NoCertificate(PathBuf),
    /// A certificate, by its number from 1, cannot be parsed.
    #[error("certificate {} in `{}` is invalid", .1, .0.display())]
    BadCertificate(PathBuf, usize),
    /// The key file is accessible to others.
    #[error("the key in `{}` is not private: {}", .0.display(), .1)]
    NotPrivate(PathBuf, String),
    /// The key file contains no private key.
    #[error("`{}` contains no PEM private key", .0.display())]
    NoKey(PathBuf),
    /// The key is encrypted.
    #[error(
        "the key in `{}` is encrypted, and a server cannot ask for the password; decrypt it, for \
         example with `openssl pkey`",
        .0.display()
    )]
    Encrypted(PathBuf),
    /// The key is not of a kind that TLS supports.
    #[error("the key in `{}` is not supported: {}", .0.display(), .1)]
    BadKey(PathBuf, String),
    /// The key belongs to another certificate.
    #[error(
        "the key in `{}` does not match the certificate in `{}`; the first certificate in the file \
         must be that of the server",
        .key.display(), .certificate.display()
    )]
    Mismatch {
        /// The file of the key.
        key: PathBuf,
        /// The file of the certificate.
        certificate: PathBuf,
    },
}
