//! Why the address of a database cannot be used.

/// Says why an address cannot be used. Never repeats it: it might hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseAddressError {
    /// It is no address of PostgreSQL.
    #[error("it is not of the form `postgres://USER@HOST:PORT/DATABASE`")]
    Malformed,
    /// It holds a password.
    #[error(
        "it holds a password, which others see among the processes; put it into \
         KT_DATABASE_PASSWORD, a file for `--database-password-file`, or ~/.pgpass"
    )]
    Password,
    /// It names no host.
    #[error("it names no host and no directory of a socket")]
    NoHost,
    /// It has a number, and no name that a certificate could be for.
    #[error("it names no host for the certificate of the database to be checked against")]
    NoName,
    /// The database is on another machine.
    #[error(
        "the database is on another machine, which needs TLS: `sslmode=verify-full`, and \
         `sslrootcert=FILE` unless the system knows the authority of its certificate"
    )]
    NeedsTls,
    /// The mode would not find out whose database it is.
    #[error(
        "with `sslmode={0}` somebody else could pass for the database: use \
         `sslmode=verify-full`, or on this machine `disable`"
    )]
    Unverified(&'static str),
    /// The mode is none.
    #[error("its `sslmode` is unknown: use `verify-full`, or on this machine `disable`")]
    BadMode,
    /// Whom to trust cannot be read.
    #[error("{0}")]
    Roots(String),
}
