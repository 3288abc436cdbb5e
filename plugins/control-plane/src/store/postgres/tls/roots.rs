//! The root certificates for the database.

use std::io;
use std::path::PathBuf;

use kt_tls::{CaCertificates, CaCertificatesError};
use rustls::RootCertStore;

use super::options::SYSTEM;

/// The root certificates. They are read for each connection, so a change of them needs no restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store::postgres) enum Roots {
    /// Those of the system.
    System,
    /// Those of a file, and no others.
    File(PathBuf),
}

impl Roots {
    /// Reads `sslrootcert`.
    pub(in crate::store::postgres) fn of(root_certificates: Option<&str>) -> Self {
        match root_certificates {
            None | Some("" | SYSTEM) => Self::System,
            Some(path) => Self::File(PathBuf::from(path)),
        }
    }

    pub(in crate::store::postgres) fn read(&self) -> io::Result<CaCertificates> {
        match self {
            Self::File(path) => CaCertificates::from_file(path)
                .map_err(|error: CaCertificatesError| io::Error::other(error.to_string())),
            Self::System => system(),
        }
    }
}

fn system() -> io::Result<CaCertificates> {
    let mut store = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    // Certificates that cannot be used here are skipped.
    store.add_parsable_certificates(found.certs);
    if store.is_empty() {
        return Err(io::Error::other(
            "the system knows no authority (it lacks the package `ca-certificates`?); name one \
             with `sslrootcert=FILE`",
        ));
    }
    Ok(CaCertificates::from_root_store(store))
}
