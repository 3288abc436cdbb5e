//! TLS errors, classified from the types of the library.

use std::error::Error;
use std::{fmt, io};

use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, InvalidMessage, OtherError};

/// The most certificate names in a message; some certificates have a hundred.
const MAX_NAMES: usize = 5;

/// The reason why a TLS handshake failed. Displays as a sentence about the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsError {
    /// The certificate is not signed by a trusted CA.
    UnknownIssuer,
    /// The certificate is not valid for the requested name.
    NameMismatch {
        /// The requested name.
        expected: String,
        /// The names of the certificate.
        presented: Vec<String>,
    },
    /// The certificate has expired, at this time if it is known.
    Expired(Option<UnixTime>),
    /// The certificate is not valid yet, or a clock is wrong.
    NotYetValid(Option<UnixTime>),
    /// The server presented a CA certificate.
    CaUsedAsServer,
    /// The extended key usage of the certificate excludes server authentication.
    NotForServerAuth,
    /// The peer does not speak TLS.
    NotTls,
    /// Any other error, in the words of the library.
    Other(String),
}

impl TlsError {
    /// Returns the TLS error in the chain of sources of an error, if there is one.
    #[must_use]
    pub fn find_in(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(tls_error) = error.downcast_ref::<rustls::Error>() {
                return Some(tls_error.into());
            }
            // `io::Error::source` skips the error that it wraps and returns the source of that.
            let wrapped = error
                .downcast_ref::<io::Error>()
                .and_then(io::Error::get_ref);
            next = match wrapped {
                Some(inner) => Some(inner),
                None => error.source(),
            };
        }
        None
    }

    /// Returns how to fix the server's certificate; `None` when the fix depends on the CA
    /// certificates or the address that the client uses.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NameMismatch { .. } => {
                "connect to a name in the certificate, or add the name to the server's certificate \
                 (`subjectAltName`)"
            }
            Self::Expired(_) => {
                "renew the server's certificate, and check the clocks of both machines"
            }
            Self::NotYetValid(_) => "check the clocks of both machines",
            Self::CaUsedAsServer => {
                "use a server certificate that was issued with \
                 `basicConstraints=CA:FALSE`"
            }
            Self::NotForServerAuth => "use a server certificate with `extendedKeyUsage=serverAuth`",
            Self::UnknownIssuer | Self::NotTls | Self::Other(_) => return None,
        })
    }
}

impl From<&rustls::Error> for TlsError {
    fn from(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(error) => from_certificate_error(error),
            // The first byte is not the content type of a TLS record.
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => Self::NotTls,
            rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => {
                Self::Other("the server supports neither TLS 1.2 nor TLS 1.3".to_owned())
            }
            other => Self::Other(other.to_string()),
        }
    }
}

fn from_certificate_error(error: &CertificateError) -> TlsError {
    match error {
        CertificateError::UnknownIssuer => TlsError::UnknownIssuer,
        CertificateError::Expired => TlsError::Expired(None),
        CertificateError::ExpiredContext { not_after, .. } => TlsError::Expired(Some(*not_after)),
        CertificateError::NotValidYet => TlsError::NotYetValid(None),
        CertificateError::NotValidYetContext { not_before, .. } => {
            TlsError::NotYetValid(Some(*not_before))
        }
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => TlsError::NameMismatch {
            expected: expected.to_str().into_owned(),
            presented: presented.iter().map(|name| bare_name(name)).collect(),
        },
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            TlsError::NotForServerAuth
        }
        CertificateError::Other(other) if is_ca_used_as_end_entity(other) => {
            TlsError::CaUsedAsServer
        }
        other => TlsError::Other(format!("the server's certificate is not accepted: {other}")),
    }
}

/// Whether an error is the one that rustls has no variant for. rustls passes it on as the
/// verifier's own type, which this crate must therefore depend on in the same version.
fn is_ca_used_as_end_entity(error: &OtherError) -> bool {
    let error = error.0.downcast_ref::<webpki::Error>();
    error == Some(&webpki::Error::CaUsedAsEndEntity)
}

/// Returns the name in `DnsName("a.example")` or `IpAddress(192.0.2.1)`: rustls has no other form
/// of it.
fn bare_name(name: &str) -> String {
    let inner = name
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(name).trim_matches('"').to_owned()
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownIssuer => {
                f.write_str("the server's certificate is signed by an unknown authority")
            }
            Self::NameMismatch {
                expected,
                presented,
            } => {
                write!(f, "the server's certificate is not valid for `{expected}`")?;
                write_names(f, presented)
            }
            Self::Expired(None) => f.write_str("the server's certificate has expired"),
            Self::Expired(Some(at)) => {
                write!(
                    f,
                    "the server's certificate expired at {}",
                    format_time(*at)
                )
            }
            Self::NotYetValid(None) => f.write_str("the server's certificate is not valid yet"),
            Self::NotYetValid(Some(from)) => {
                write!(
                    f,
                    "the server's certificate is not valid before {}",
                    format_time(*from)
                )
            }
            Self::CaUsedAsServer => f.write_str(
                "the server's certificate is a CA certificate, which a server must not present",
            ),
            Self::NotForServerAuth => {
                f.write_str("the server's certificate is not valid for server authentication")
            }
            Self::NotTls => f.write_str("the peer does not speak TLS"),
            Self::Other(message) => f.write_str(message),
        }
    }
}

fn write_names(f: &mut fmt::Formatter<'_>, names: &[String]) -> fmt::Result {
    if names.is_empty() {
        return f.write_str(", and has no names");
    }
    for (index, name) in names.iter().take(MAX_NAMES).enumerate() {
        let separator = if index == 0 { ", only for" } else { "," };
        write!(f, "{separator} `{name}`")?;
    }
    match names.len().saturating_sub(MAX_NAMES) {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}

/// Formats a time of a certificate as RFC 3339.
#[must_use]
pub fn format_time(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds)
        .unwrap_or(Timestamp::MAX)
        .to_string()
}

#[cfg(test)]
mod tests {
    use std::io::{self, Cursor};
    use std::path::Path;
    use std::sync::Arc;

    use crate::fixture::{CertificateFiles, CertificateOptions, TestCa};
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
    use rustls::{ClientConnection, ServerConfig, ServerConnection};

    use super::TlsError;
    use crate::{CaCertificates, crypto_provider};

    fn server(pair: &CertificateFiles) -> ServerConnection {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(&pair.certificate)
            .unwrap()
            .collect();
        let config = ServerConfig::builder_with_provider(crypto_provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                chain.unwrap(),
                PrivateKeyDer::from_pem_file(&pair.key).unwrap(),
            )
            .unwrap();
        ServerConnection::new(Arc::new(config)).unwrap()
    }

    /// Returns the result of a handshake of a client that trusts `ca` and expects `name`.
    fn handshake(pair: &CertificateFiles, ca: &Path, name: &str) -> Result<(), TlsError> {
        let trusted = CaCertificates::from_file(ca)
            .unwrap()
            .into_client_config(&[]);
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let mut client = ClientConnection::new(Arc::new(trusted), name).unwrap();
        let mut server = server(pair);
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        server.read_tls(&mut Cursor::new(&bytes)).unwrap();
        server.process_new_packets().unwrap();
        bytes.clear();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        client.read_tls(&mut Cursor::new(&bytes)).unwrap();
        client.process_new_packets().map(drop).map_err(|error| {
            let wrapped = io::Error::new(io::ErrorKind::InvalidData, error);
            TlsError::find_in(&io::Error::other(wrapped)).unwrap()
        })
    }

    #[test]
    fn each_certificate_error_is_classified() {
        let directory = tempfile::tempdir().unwrap();
        let Some(ca) = TestCa::new(directory.path(), "ca") else {
            return;
        };
        let other = TestCa::new(directory.path(), "other").unwrap();
        let good = ca.issue("good", &CertificateOptions::default());
        let ca_file = ca.certificate();
        assert_eq!(handshake(&good, &ca_file, "127.0.0.1"), Ok(()));
        assert_eq!(handshake(&good, &ca_file, "localhost"), Ok(()));
        let unknown = handshake(&good, &other.certificate(), "localhost").unwrap_err();
        assert_eq!(unknown, TlsError::UnknownIssuer);

        let mismatch = handshake(&good, &ca_file, "kt.example")
            .unwrap_err()
            .to_string();
        assert_eq!(
            mismatch,
            "the server's certificate is not valid for `kt.example`, only for `localhost`, `127.0.0.1`"
        );
        let old = CertificateOptions {
            not_before: "20200101000000Z",
            not_after: "20210203040506Z",
            ..CertificateOptions::default()
        };
        let old = handshake(&ca.issue("old", &old), &ca_file, "localhost").unwrap_err();
        assert_eq!(
            old.to_string(),
            "the server's certificate expired at 2021-02-03T04:05:06Z"
        );
        let early = CertificateOptions {
            not_before: "20900101000000Z",
            not_after: "20910101000000Z",
            ..CertificateOptions::default()
        };
        let early = handshake(&ca.issue("early", &early), &ca_file, "localhost").unwrap_err();
        assert!(
            early
                .to_string()
                .ends_with("not valid before 2090-01-01T00:00:00Z")
        );

        let ca_certificate = CertificateOptions {
            extension: "basicConstraints=critical,CA:TRUE",
            ..CertificateOptions::default()
        };
        let ca_certificate =
            handshake(&ca.issue("sub", &ca_certificate), &ca_file, "localhost").unwrap_err();
        assert_eq!(ca_certificate, TlsError::CaUsedAsServer);
        let client = CertificateOptions {
            extension: "extendedKeyUsage=clientAuth",
            ..CertificateOptions::default()
        };
        let client = handshake(&ca.issue("client", &client), &ca_file, "localhost").unwrap_err();
        assert_eq!(client, TlsError::NotForServerAuth);
        for error in [old, early, ca_certificate, client] {
            assert!(error.hint().is_some(), "{error}");
        }
    }

    #[test]
    fn a_peer_without_tls_is_recognized() {
        let directory = tempfile::tempdir().unwrap();
        let Some(ca) = TestCa::new(directory.path(), "ca") else {
            return;
        };
        let trusted = CaCertificates::from_file(&ca.certificate())
            .unwrap()
            .into_client_config(&[]);
        let name = ServerName::try_from("localhost").unwrap();
        let mut client = ClientConnection::new(Arc::new(trusted), name).unwrap();
        let response = b"HTTP/1.1 400 Bad Request\r\n\r\n";
        client.read_tls(&mut Cursor::new(response)).unwrap();
        let error = client.process_new_packets().unwrap_err();
        assert_eq!(TlsError::from(&error), TlsError::NotTls);
        assert_eq!(TlsError::find_in(&io::Error::other("elsewhere")), None);
    }
}
