//! Why a certificate and its key cannot be used.

use std::io;
use std::path::PathBuf;

/// Says what is wrong with the files of a certificate and its key. Never repeats what is in them.
#[derive(Debug, thiserror::Error)]
pub enum TlsConfigError {
    /// A file cannot be read.
    #[error("the file `{}` cannot be read: {}", .0.display(), .1)]
    Unreadable(PathBuf, io::Error),
    /// The file of the certificate holds none.
    #[error("`{}` holds no certificate in PEM", .0.display())]
    NoCertificate(PathBuf),
    /// A certificate, by its number from 1, cannot be read.
    #[error("`{}` holds a certificate that cannot be read, the {}. in it", .0.display(), .1)]
    BadCertificate(PathBuf, usize),
    /// Others may read the key.
    #[error("the key in `{}` is not private: {}", .0.display(), .1)]
    NotPrivate(PathBuf, String),
    /// The file of the key holds none.
    #[error("`{}` holds no private key in PEM", .0.display())]
    NoKey(PathBuf),
    /// The key has a password.
    #[error(
        "the key in `{}` is encrypted, and a server cannot be asked for its password: \
         write it without one, as with `openssl pkey`",
        .0.display()
    )]
    Encrypted(PathBuf),
    /// The key is of a kind that TLS does not use.
    #[error("the key in `{}` cannot be used: {}", .0.display(), .1)]
    BadKey(PathBuf, String),
    /// The key is that of another certificate.
    #[error(
        "the key in `{}` is not that of the certificate in `{}`, whose first one must be the \
         server's own",
        .key.display(), .certificate.display()
    )]
    Mismatch {
        /// The file of the key.
        key: PathBuf,
        /// The file of the certificate.
        certificate: PathBuf,
    },
}
