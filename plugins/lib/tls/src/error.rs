//! Why a connection was not made, as people need to hear it.

use std::error::Error;
use std::{fmt, io};

use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, InvalidMessage};

/// Names of a certificate that a message shows; some have a hundred.
const SHOWN: usize = 5;

/// Why TLS did not come about. Displays as a sentence about the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsError {
    /// Nobody who is trusted vouches for the certificate.
    UnknownAuthority,
    /// The certificate is for others.
    OtherName {
        /// What was asked for.
        expected: String,
        /// Whom it is for.
        presented: Vec<String>,
    },
    /// The certificate's time is over, since then if that is known.
    Expired(Option<UnixTime>),
    /// The certificate's time has not come, or a clock is wrong.
    NotYetValid(Option<UnixTime>),
    /// The certificate is one that vouches for others, and so none of a server.
    IsAuthority,
    /// The certificate is for something else than servers.
    NotForServers,
    /// What answers does not speak TLS.
    NoTls,
    /// Anything else, as the library says it.
    Other(String),
}

impl TlsError {
    /// Finds why TLS failed in an error or what caused it; `None` when it was not TLS.
    #[must_use]
    pub fn within(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<rustls::Error>() {
                return Some(found.into());
            }
            // An `io::Error` is not the source of what it wraps: it shows it in its own place.
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

    /// Returns what the reader of the message can do about it at the server, where that is the
    /// only place; `None` when it depends on whom the client trusts, or how it was called.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        Some(match self {
            Self::OtherName { .. } => {
                "use a name that the certificate is for, or give the server one that names it \
                 (`subjectAltName`)"
            }
            Self::Expired(_) => "renew the server's certificate; the clocks of both must be right",
            Self::NotYetValid(_) => "check the clock of this machine and that of the server",
            Self::IsAuthority => {
                "give the server a certificate of its own, made with \
                 `basicConstraints=CA:FALSE`"
            }
            Self::NotForServers => {
                "give the server a certificate with `extendedKeyUsage=serverAuth`"
            }
            Self::UnknownAuthority | Self::NoTls | Self::Other(_) => return None,
        })
    }
}

impl From<&rustls::Error> for TlsError {
    fn from(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(why) => of_certificate(why),
            // The first byte is that of no record of TLS.
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => Self::NoTls,
            rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => {
                Self::Other("the server speaks neither TLS 1.2 nor TLS 1.3".to_owned())
            }
            other => Self::Other(other.to_string()),
        }
    }
}

fn of_certificate(why: &CertificateError) -> TlsError {
    match why {
        CertificateError::UnknownIssuer => TlsError::UnknownAuthority,
        CertificateError::Expired => TlsError::Expired(None),
        CertificateError::ExpiredContext { not_after, .. } => TlsError::Expired(Some(*not_after)),
        CertificateError::NotValidYet => TlsError::NotYetValid(None),
        CertificateError::NotValidYetContext { not_before, .. } => {
            TlsError::NotYetValid(Some(*not_before))
        }
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => TlsError::OtherName {
            expected: expected.to_str().into_owned(),
            presented: presented.iter().map(|name| bare(name)).collect(),
        },
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            TlsError::NotForServers
        }
        // Of the verifier's own errors, whose type is not exported by the library.
        CertificateError::Other(other) if other.to_string() == "CaUsedAsEndEntity" => {
            TlsError::IsAuthority
        }
        other => TlsError::Other(format!("the server's certificate is not accepted: {other}")),
    }
}

/// The name in `DnsName("a.example")` or `IpAddress(192.0.2.1)`.
fn bare(name: &str) -> String {
    let inner = name
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(name).trim_matches('"').to_owned()
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownAuthority => {
                f.write_str("the server's certificate is signed by an unknown authority")
            }
            Self::OtherName {
                expected,
                presented,
            } => {
                write!(f, "the server's certificate is not for `{expected}`")?;
                listed(f, presented)
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
            Self::IsAuthority => f.write_str(
                "the server's certificate is that of an authority, which no server may show",
            ),
            Self::NotForServers => f.write_str("the server's certificate is not one for servers"),
            Self::NoTls => f.write_str("what answers there does not speak TLS"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

fn listed(f: &mut fmt::Formatter<'_>, names: &[String]) -> fmt::Result {
    if names.is_empty() {
        return f.write_str(", and names nobody");
    }
    for (at, name) in names.iter().take(SHOWN).enumerate() {
        let before = if at == 0 { ", but for" } else { "," };
        write!(f, "{before} `{name}`")?;
    }
    match names.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}

/// Writes a time of a certificate as RFC 3339.
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

    use crate::fixture::{Authority, Leaf, Pair};
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
    use rustls::{ClientConnection, ServerConfig, ServerConnection};

    use super::TlsError;
    use crate::{CaCertificates, provider};

    fn server(pair: &Pair) -> ServerConnection {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(&pair.certificate)
            .unwrap()
            .collect();
        let config = ServerConfig::builder_with_provider(provider())
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

    /// What a client that trusts `ca` and asks for `name` says to the server's certificate.
    fn said(pair: &Pair, ca: &Path, name: &str) -> Result<(), TlsError> {
        let trusted = CaCertificates::of_file(ca).unwrap().client(&[]);
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
            TlsError::within(&io::Error::other(wrapped)).unwrap()
        })
    }

    #[test]
    fn each_reason_is_told_from_the_others() {
        let directory = tempfile::tempdir().unwrap();
        let Some(ca) = Authority::new(directory.path(), "ca") else {
            return;
        };
        let other = Authority::new(directory.path(), "other").unwrap();
        let good = ca.issue("good", &Leaf::default());
        let mine = ca.certificate();
        assert_eq!(said(&good, &mine, "127.0.0.1"), Ok(()));
        assert_eq!(said(&good, &mine, "localhost"), Ok(()));
        let stranger = said(&good, &other.certificate(), "localhost").unwrap_err();
        assert_eq!(stranger, TlsError::UnknownAuthority);

        let misnamed = said(&good, &mine, "kt.example").unwrap_err().to_string();
        assert_eq!(
            misnamed,
            "the server's certificate is not for `kt.example`, but for `localhost`, `127.0.0.1`"
        );
        let old = Leaf {
            from: "20200101000000Z",
            until: "20210203040506Z",
            ..Leaf::default()
        };
        let old = said(&ca.issue("old", &old), &mine, "localhost").unwrap_err();
        assert_eq!(
            old.to_string(),
            "the server's certificate expired at 2021-02-03T04:05:06Z"
        );
        let early = Leaf {
            from: "20900101000000Z",
            until: "20910101000000Z",
            ..Leaf::default()
        };
        let early = said(&ca.issue("early", &early), &mine, "localhost").unwrap_err();
        assert!(
            early
                .to_string()
                .ends_with("not valid before 2090-01-01T00:00:00Z")
        );

        let authority = Leaf {
            more: "basicConstraints=critical,CA:TRUE",
            ..Leaf::default()
        };
        let authority = said(&ca.issue("sub", &authority), &mine, "localhost").unwrap_err();
        assert_eq!(authority, TlsError::IsAuthority);
        let client = Leaf {
            more: "extendedKeyUsage=clientAuth",
            ..Leaf::default()
        };
        let client = said(&ca.issue("client", &client), &mine, "localhost").unwrap_err();
        assert_eq!(client, TlsError::NotForServers);
        for refusal in [old, early, authority, client] {
            assert!(refusal.remedy().is_some(), "{refusal}");
        }
    }

    #[test]
    fn what_is_not_tls_is_said_to_be_none() {
        let directory = tempfile::tempdir().unwrap();
        let Some(ca) = Authority::new(directory.path(), "ca") else {
            return;
        };
        let trusted = CaCertificates::of_file(&ca.certificate())
            .unwrap()
            .client(&[]);
        let name = ServerName::try_from("localhost").unwrap();
        let mut client = ClientConnection::new(Arc::new(trusted), name).unwrap();
        let answer = b"HTTP/1.1 400 Bad Request\r\n\r\n";
        client.read_tls(&mut Cursor::new(answer)).unwrap();
        let error = client.process_new_packets().unwrap_err();
        assert_eq!(TlsError::from(&error), TlsError::NoTls);
        assert_eq!(TlsError::within(&io::Error::other("elsewhere")), None);
    }
}
