//! Errors of addresses of databases.

/// Why an address cannot be used. Never contains the address, which might hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseAddressError {
    /// It is not a connection URI.
    #[error("it is not of the form `postgres://USER@HOST:PORT/DATABASE`")]
    Malformed,
    /// It holds a password.
    #[error(
        "it contains a password, which is visible in the process list; set it in \
         KT_DATABASE_PASSWORD, a file for `--database-password-file`, or ~/.pgpass"
    )]
    Password,
    /// It has no host.
    #[error("it has neither a host nor the directory of a socket")]
    NoHost,
    /// It has an IP address, but no host name that a certificate could be for.
    #[error("it has no host name to verify the certificate of the database against")]
    NoName,
    /// The database is remote, and TLS is disabled.
    #[error(
        "the database is remote, which requires TLS: set `sslmode=verify-full`, and \
         `sslrootcert=FILE` unless the system trusts the CA of its certificate"
    )]
    NeedsTls,
    /// The mode does not verify the identity of the database.
    #[error(
        "`sslmode={0}` does not verify the identity of the database: use \
         `sslmode=verify-full`, or `disable` for a local database"
    )]
    Unverified(&'static str),
    /// The mode is unknown.
    #[error("its `sslmode` is unknown: use `verify-full`, or `disable` for a local database")]
    BadMode,
    /// The root certificates cannot be read.
    #[error("{0}")]
    Roots(String),
}
