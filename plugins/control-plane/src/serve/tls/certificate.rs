//! The certificate and its key.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kt_tls::{TlsError, crypto_provider};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{Error, RootCertStore};

use super::error::TlsConfigError;
use super::key_file;

/// The files of the server's certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate in PEM, followed by the intermediate certificates.
    pub certificate: PathBuf,
    /// The private key in PEM, in a file that other users cannot read.
    pub key: PathBuf,
}

impl TlsFiles {
    /// Reads both files.
    ///
    /// # Errors
    /// When a file cannot be read, the key is not private, or it does not match the certificate.
    pub(super) fn read(&self) -> Result<Arc<CertifiedKey>, TlsConfigError> {
        let chain = chain(&self.certificate)?;
        let key = key_file::read(&self.key)?;
        CertifiedKey::from_der(chain, key, &crypto_provider())
            .map(Arc::new)
            .map_err(|error| self.config_error(&error))
    }

    fn config_error(&self, error: &Error) -> TlsConfigError {
        match error {
            Error::InconsistentKeys(_) => TlsConfigError::Mismatch {
                key: self.key.clone(),
                certificate: self.certificate.clone(),
            },
            Error::InvalidCertificate(_) => {
                TlsConfigError::BadCertificate(self.certificate.clone(), 1)
            }
            other => TlsConfigError::BadKey(self.key.clone(), other.to_string()),
        }
    }
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsConfigError> {
    let unreadable = |error| TlsConfigError::Unreadable(path.to_owned(), error);
    let mut text = Vec::new();
    key_file::open_regular(path)
        .and_then(|mut file| file.read_to_end(&mut text))
        .map_err(unreadable)?;
    let mut chain = Vec::new();
    for (number, certificate) in (1..).zip(CertificateDer::pem_slice_iter(&text)) {
        let bad = |_| TlsConfigError::BadCertificate(path.to_owned(), number);
        chain.push(certificate.map_err(bad)?);
    }
    if chain.is_empty() {
        return Err(TlsConfigError::NoCertificate(path.to_owned()));
    }
    Ok(chain)
}

/// Returns why every client rejects the certificate now, whichever CA certificates it trusts: the
/// time is not within its validity, or it is not a certificate for servers.
pub(super) fn certificate_error(certificate: &CertifiedKey) -> Option<TlsError> {
    let verified = certificate
        .end_entity_cert()
        .and_then(ParsedCertificate::try_from)
        .and_then(|certificate| {
            // The check that clients make. The trust in the issuer is the last step of it.
            verify_server_cert_signed_by_trust_anchor(
                &certificate,
                &RootCertStore::empty(),
                &[],
                UnixTime::now(),
                crypto_provider().signature_verification_algorithms.all,
            )
        });
    match verified.map_err(|error| TlsError::from(&error)) {
        Ok(()) | Err(TlsError::UnknownIssuer) => None,
        Err(error) => Some(error),
    }
}
