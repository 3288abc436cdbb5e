//! The CA certificates that a client trusts.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::crypto_provider;

/// CA bundles of operating systems are about 250 kB.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// A set of trusted CA certificates.
#[derive(Debug, Clone)]
pub struct CaCertificates(RootCertStore);

/// A CA certificate file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the CA certificate file `{}` {kind}", path.display())]
pub struct CaCertificatesError {
    /// The file.
    pub path: PathBuf,
    kind: ErrorKind,
}

#[derive(Debug, thiserror::Error)]
enum ErrorKind {
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("is larger than 4 MiB")]
    TooLarge,
    #[error("contains no certificate in PEM format")]
    Empty,
    #[error("contains an invalid certificate, number {0}")]
    Invalid(usize),
}

impl CaCertificates {
    /// Reads the PEM certificates of a file and ignores everything else in it.
    ///
    /// # Errors
    /// If the file cannot be read, contains no certificate, or contains an invalid one.
    pub fn from_file(path: &Path) -> Result<Self, CaCertificatesError> {
        // A FIFO would block.
        let open = || match fs::metadata(path)?.is_file() {
            true => File::open(path),
            false => Err(io::Error::other("it is not a regular file")),
        };
        Self::from_reader(path, open)
    }

    /// The same for a file that the caller opens.
    ///
    /// # Errors
    /// As [`CaCertificates::from_file`].
    pub fn from_reader<R: Read>(
        path: &Path,
        open: impl FnOnce() -> io::Result<R>,
    ) -> Result<Self, CaCertificatesError> {
        let error = |kind| CaCertificatesError {
            path: path.to_owned(),
            kind,
        };
        let pem = open().map_err(ErrorKind::from).and_then(read);
        let pem = pem.map_err(error)?;
        parse_pem(&pem).map(Self).map_err(error)
    }

    /// Uses certificates that were loaded elsewhere.
    #[must_use]
    pub fn from_root_store(store: RootCertStore) -> Self {
        Self(store)
    }

    /// Builds the client configuration: the server must present a certificate that is signed by
    /// one of these CAs and valid for the requested name. `alpn_protocols` are offered to the
    /// server; an empty list offers none.
    #[must_use]
    pub fn into_client_config(self, alpn_protocols: &[&[u8]]) -> ClientConfig {
        let mut config = ClientConfig::builder_with_provider(crypto_provider())
            .with_safe_default_protocol_versions()
            .expect("the provider supports TLS 1.2 and 1.3")
            .with_root_certificates(self.0)
            .with_no_client_auth();
        config.alpn_protocols = alpn_protocols.iter().map(|name| name.to_vec()).collect();
        config
    }
}

fn read(file: impl Read) -> Result<Vec<u8>, ErrorKind> {
    let mut text = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(ErrorKind::TooLarge);
    }
    Ok(text)
}

fn parse_pem(pem: &[u8]) -> Result<RootCertStore, ErrorKind> {
    let mut store = RootCertStore::empty();
    for (number, certificate) in (1..).zip(CertificateDer::pem_slice_iter(pem)) {
        certificate
            .ok()
            .and_then(|certificate| store.add(certificate).ok())
            .ok_or(ErrorKind::Invalid(number))?;
    }
    if store.is_empty() {
        return Err(ErrorKind::Empty);
    }
    Ok(store)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::fixture::TestCa;

    use super::CaCertificates;

    #[test]
    fn a_file_may_contain_several_certificates_and_must_contain_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.pem");
        let error = || CaCertificates::from_file(&path).unwrap_err().to_string();
        assert!(error().contains("No such file") && error().contains("ca.pem"));
        for (text, expected) in [
            ("", "no certificate"),
            ("nonsense", "no certificate"),
            (
                "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n",
                "number 1",
            ),
            ("-----BEGIN CERTIFICATE-----\nbm9uZQ==\n", "number 1"),
        ] {
            fs::write(&path, text).unwrap();
            assert!(error().contains(expected), "{text}: {}", error());
        }
        fs::write(&path, vec![b'x'; 5 * 1024 * 1024]).unwrap();
        assert!(error().contains("4 MiB"));

        let Some(one) = TestCa::new(directory.path(), "one") else {
            return;
        };
        let other = TestCa::new(directory.path(), "other").unwrap();
        let text = |ca: &TestCa| fs::read_to_string(ca.certificate()).unwrap();
        fs::write(&path, format!("# ours\n{}{}", text(&one), text(&other))).unwrap();
        assert_eq!(CaCertificates::from_file(&path).unwrap().0.len(), 2);
    }
}
