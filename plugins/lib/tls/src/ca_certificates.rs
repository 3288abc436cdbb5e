//! Who may vouch for a server.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::provider;

/// The certificates that systems bring are 250 kB; a larger file is something else.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// CaCertificates whose certificates are trusted.
#[derive(Debug, Clone)]
pub struct CaCertificates(RootCertStore);

/// Says why a file with authorities cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the file `{}` of authorities to trust {why}", path.display())]
pub struct CaCertificatesError {
    /// The file.
    pub path: PathBuf,
    why: Why,
}

#[derive(Debug, thiserror::Error)]
enum Why {
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("is larger than 4 MiB")]
    TooLarge,
    #[error("holds no certificate in PEM")]
    Empty,
    #[error("holds a certificate that cannot be read, the {0}. in it")]
    Damaged(usize),
}

impl CaCertificates {
    /// Reads the authorities of a file: certificates in PEM. What else is in it is passed over.
    ///
    /// # Errors
    /// When it cannot be read, holds no certificate, or one that is damaged.
    pub fn of_file(path: &Path) -> Result<Self, CaCertificatesError> {
        let failed = |why| CaCertificatesError {
            path: path.to_owned(),
            why,
        };
        let text = read(path).map_err(failed)?;
        of_pem(&text).map(Self).map_err(failed)
    }

    /// Takes authorities that were read elsewhere.
    #[must_use]
    pub fn of_store(store: RootCertStore) -> Self {
        Self(store)
    }

    /// Makes the client's side of TLS: the server must show a certificate that one of the
    /// authorities vouches for, made for the name that was asked. `protocols` are what may be
    /// spoken inside, as ALPN has it; none leaves it open.
    #[must_use]
    pub fn client(self, protocols: &[&[u8]]) -> ClientConfig {
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("the provider has what TLS 1.2 and 1.3 need")
            .with_root_certificates(self.0)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        config
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Why> {
    let mut text = Vec::new();
    File::open(path)?
        .take(MAX_BYTES + 1)
        .read_to_end(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(Why::TooLarge);
    }
    Ok(text)
}

fn of_pem(text: &[u8]) -> Result<RootCertStore, Why> {
    let mut store = RootCertStore::empty();
    for (number, certificate) in (1..).zip(CertificateDer::pem_slice_iter(text)) {
        certificate
            .ok()
            .and_then(|certificate| store.add(certificate).ok())
            .ok_or(Why::Damaged(number))?;
    }
    if store.is_empty() {
        return Err(Why::Empty);
    }
    Ok(store)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::fixture::Authority;

    use super::CaCertificates;

    #[test]
    fn a_file_may_hold_several_authorities_and_must_hold_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.pem");
        let refused = || CaCertificates::of_file(&path).unwrap_err().to_string();
        assert!(refused().contains("No such file") && refused().contains("ca.pem"));
        for (text, expected) in [
            ("", "no certificate"),
            ("nonsense", "no certificate"),
            (
                "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n",
                "the 1. in it",
            ),
            ("-----BEGIN CERTIFICATE-----\nbm9uZQ==\n", "the 1. in it"),
        ] {
            fs::write(&path, text).unwrap();
            assert!(refused().contains(expected), "{text}: {}", refused());
        }
        fs::write(&path, vec![b'x'; 5 * 1024 * 1024]).unwrap();
        assert!(refused().contains("4 MiB"));

        let Some(one) = Authority::new(directory.path(), "one") else {
            return;
        };
        let other = Authority::new(directory.path(), "other").unwrap();
        let text = |authority: &Authority| fs::read_to_string(authority.certificate()).unwrap();
        fs::write(&path, format!("# ours\n{}{}", text(&one), text(&other))).unwrap();
        assert_eq!(CaCertificates::of_file(&path).unwrap().0.len(), 2);
    }
}
