//! A certificate with its key.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kt_tls::{TlsError, crypto_provider};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{Error, RootCertStore};

use super::{TlsConfigError, key_file};

/// Where a server's certificate and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate in PEM, then those between it and an authority that clients know.
    pub certificate: PathBuf,
    /// Its private key in PEM, in a file that others cannot read.
    pub key: PathBuf,
}

impl TlsFiles {
    /// Reads both.
    ///
    /// # Errors
    /// When one cannot be read, the key is not private, or they do not belong together.
    pub(super) fn read(&self) -> Result<Arc<CertifiedKey>, TlsConfigError> {
        let chain = chain(&self.certificate)?;
        let key = key_file::read(&self.key)?;
        CertifiedKey::from_der(chain, key, &crypto_provider())
            .map(Arc::new)
            .map_err(|error| self.unusable(&error))
    }

    fn unusable(&self, error: &Error) -> TlsConfigError {
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
    let text =
        fs::read(path).map_err(|error| TlsConfigError::Unreadable(path.to_owned(), error))?;
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

/// What every client will object to in the certificate now, whomever it trusts: a clock that is
/// not within its dates, or a certificate that is none for servers.
pub(super) fn objection(pair: &CertifiedKey) -> Option<TlsError> {
    let judged = pair
        .end_entity_cert()
        .and_then(ParsedCertificate::try_from)
        .and_then(|certificate| {
            // The check that clients make. That it trusts nobody comes last in it.
            verify_server_cert_signed_by_trust_anchor(
                &certificate,
                &RootCertStore::empty(),
                &[],
                UnixTime::now(),
                crypto_provider().signature_verification_algorithms.all,
            )
        });
    match judged.map_err(|error| TlsError::from(&error)) {
        Ok(()) | Err(TlsError::UnknownIssuer) => None,
        Err(objection) => Some(objection),
    }
}
