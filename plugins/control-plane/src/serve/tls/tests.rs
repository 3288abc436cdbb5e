//! The certificate, as files change and clients see it.

use std::fs::{self, Permissions};
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::sync::Arc;

use kt_tls::fixture::{CertificateFiles, CertificateOptions, TestCa};
use kt_tls::{CaCertificates, TlsError, crypto_provider};
use rustls::pki_types::ServerName;
use rustls::{
    ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, StreamOwned, version,
};

use super::pair::objection;
use super::{Rotation, TlsFiles};
use crate::fixture::TestServer;
use crate::serve::{DEFAULT_PER_SECOND, ServeError, ServeOptions};

/// Certificate and key of a test under names that stay.
struct Files(TlsFiles);

impl Files {
    fn of(directory: &Path, pair: &CertificateFiles) -> Self {
        let files = Self(TlsFiles {
            certificate: directory.join("tls.crt"),
            key: directory.join("tls.key"),
        });
        files.take(pair);
        files
    }

    fn take(&self, pair: &CertificateFiles) {
        put(&pair.certificate, &self.0.certificate);
        put(&pair.key, &self.0.key);
    }
}

/// Replaces a file by a copy of another, in one step.
fn put(from: &Path, to: &Path) {
    let draft = to.with_extension("draft");
    fs::copy(from, &draft).unwrap();
    fs::rename(draft, to).unwrap();
}

fn shown(rotation: &Rotation) -> Vec<u8> {
    rotation.shown().pair().cert[0].to_vec()
}

/// Long enough for whatever is new to be taken up.
fn settle(rotation: &mut Rotation) {
    rotation.look();
    rotation.look();
}

fn options(directory: &Path, listen: &str, tls: &TlsFiles) -> ServeOptions {
    ServeOptions {
        directory: directory.to_owned(),
        database: None,
        listen: listen.parse().unwrap(),
        tls: Some(tls.clone()),
        admin_token_file: None,
        max_requests_per_second: DEFAULT_PER_SECOND,
        backups: None,
    }
}

/// Asks who is there, by TLS.
fn ask(server: &TestServer, config: ClientConfig) -> io::Result<(String, ClientConnection)> {
    let name = ServerName::try_from("localhost").unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let socket = TcpStream::connect(("127.0.0.1", server.started.address.port()))?;
    let mut stream = StreamOwned::new(client, socket);
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok((answer, stream.conn))
}

#[test]
fn a_pair_that_cannot_be_used_is_named_with_the_reason() {
    let directory = tempfile::tempdir().unwrap();
    let Some(ca) = TestCa::new(directory.path(), "ca") else {
        return;
    };
    let pair = ca.issue("good", &CertificateOptions::default());
    let other = ca.issue("other", &CertificateOptions::default());
    let files = Files::of(directory.path(), &pair);
    let refused = || {
        let options = options(&directory.path().join("state"), "127.0.0.1:0", &files.0);
        let error = TestServer::start_with(options).map(drop).unwrap_err();
        assert!(matches!(error, ServeError::Tls(_)), "{error}");
        error.to_string()
    };
    let said = |expected: &[&str]| {
        let message = refused();
        for part in expected {
            assert!(message.contains(part), "{message}");
        }
    };
    fs::set_permissions(&files.0.key, Permissions::from_mode(0o644)).unwrap();
    said(&["tls.key", "chmod 600"]);
    fs::remove_file(&files.0.key).unwrap();
    said(&["tls.key", "No such file"]);
    put(&other.key, &files.0.key);
    said(&["tls.key", "not that of the certificate", "tls.crt"]);
    let key = fs::read_to_string(&pair.key).unwrap();
    for (text, expected) in [
        ("", "no private key"),
        (
            "-----BEGIN PRIVATE KEY-----\nbm9uZQ==\n-----END PRIVATE KEY-----\n",
            "cannot be used",
        ),
        (
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nbm9uZQ==\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "encrypted",
        ),
    ] {
        fs::write(&files.0.key, text).unwrap();
        said(&["tls.key", expected]);
    }
    files.take(&pair);
    for (text, expected) in [
        ("", "no certificate"),
        (key.as_str(), "no certificate"),
        (
            "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n",
            "the 1. in it",
        ),
    ] {
        fs::write(&files.0.certificate, text).unwrap();
        said(&["tls.crt", expected]);
    }
    fs::remove_file(&files.0.certificate).unwrap();
    said(&["tls.crt", "No such file"]);
    assert!(
        !directory.path().join("state").exists(),
        "it was made before the refusal"
    );
}

#[test]
fn a_new_pair_is_taken_up_whole_and_a_broken_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let Some(ca) = TestCa::new(directory.path(), "ca") else {
        return;
    };
    let (one, other) = (
        ca.issue("one", &CertificateOptions::default()),
        ca.issue("other", &CertificateOptions::default()),
    );
    let files = Files::of(directory.path(), &one);
    let mut rotation = Rotation::begin(&files.0).unwrap();
    let first = shown(&rotation);
    settle(&mut rotation);
    assert_eq!(shown(&rotation), first);

    // Between the two renames of whoever replaces them.
    put(&other.certificate, &files.0.certificate);
    rotation.look();
    put(&other.key, &files.0.key);
    rotation.look();
    assert_eq!(shown(&rotation), first, "it is not sure yet");
    rotation.look();
    let second = shown(&rotation);
    assert_ne!(second, first);

    put(&one.key, &files.0.key);
    settle(&mut rotation);
    assert_eq!(shown(&rotation), second, "the pair does not match");
    fs::remove_file(&files.0.certificate).unwrap();
    settle(&mut rotation);
    assert_eq!(shown(&rotation), second, "there is none");
    put(&one.certificate, &files.0.certificate);
    settle(&mut rotation);
    assert_eq!(shown(&rotation), first, "it was mended");

    files.take(&other);
    fs::set_permissions(&files.0.key, Permissions::from_mode(0o644)).unwrap();
    settle(&mut rotation);
    assert_eq!(shown(&rotation), first, "others may read the key");
    fs::set_permissions(&files.0.key, Permissions::from_mode(0o600)).unwrap();
    settle(&mut rotation);
    assert_eq!(shown(&rotation), second);
}

/// As certbot does it, and what mounts secrets of Kubernetes.
#[test]
fn a_link_that_leads_elsewhere_is_a_new_pair() {
    let directory = tempfile::tempdir().unwrap();
    let Some(ca) = TestCa::new(directory.path(), "ca") else {
        return;
    };
    let at = |name: &str| directory.path().join(name);
    for name in ["one", "other"] {
        fs::create_dir(at(name)).unwrap();
        Files::of(&at(name), &ca.issue(name, &CertificateOptions::default()));
    }
    symlink("one", at("live")).unwrap();
    let files = TlsFiles {
        certificate: at("live/tls.crt"),
        key: at("live/tls.key"),
    };
    let mut rotation = Rotation::begin(&files).unwrap();
    let first = shown(&rotation);
    symlink("other", at("next")).unwrap();
    fs::rename(at("next"), at("live")).unwrap();
    settle(&mut rotation);
    assert_ne!(shown(&rotation), first);
}

#[test]
fn what_every_client_would_refuse_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let Some(ca) = TestCa::new(directory.path(), "ca") else {
        return;
    };
    let found = |name: &str, leaf: &CertificateOptions<'_>| {
        let pair = ca.issue(name, leaf);
        let files = TlsFiles {
            certificate: pair.certificate,
            key: pair.key,
        };
        objection(&files.read().unwrap())
    };
    let leaf = CertificateOptions::default;
    assert_eq!(found("good", &leaf()), None);
    let not_after = "20210101000000Z";
    let old = found(
        "old",
        &CertificateOptions {
            not_after,
            ..leaf()
        },
    )
    .unwrap()
    .to_string();
    assert!(old.ends_with("expired at 2021-01-01T00:00:00Z"), "{old}");
    let (not_before, not_after) = ("20800101000000Z", "20900101000000Z");
    let early = CertificateOptions {
        not_before,
        not_after,
        ..leaf()
    };
    let early = found("early", &early).unwrap().to_string();
    assert!(early.contains("2080-01-01"), "{early}");
    let extension = "basicConstraints=critical,CA:TRUE";
    let authority = found(
        "authority",
        &CertificateOptions {
            extension,
            ..leaf()
        },
    );
    assert_eq!(authority, Some(TlsError::CaUsedAsServer));
}

#[test]
fn both_versions_of_tls_are_spoken_at_any_address() {
    let directory = tempfile::tempdir().unwrap();
    let Some(ca) = TestCa::new(directory.path(), "ca") else {
        return;
    };
    let files = Files::of(
        directory.path(),
        &ca.issue("server", &CertificateOptions::default()),
    );
    let state = directory.path().join("state");
    let server = TestServer::start_with(options(&state, "0.0.0.0:0", &files.0)).unwrap();
    assert!(server.started.url().starts_with("https://0.0.0.0:"));
    // Whoever says nothing does not keep others from being served.
    let silent: Vec<_> = (0..4)
        .map(|_| TcpStream::connect(("127.0.0.1", server.started.address.port())).unwrap())
        .collect();

    let roots = || {
        let mut roots = RootCertStore::empty();
        use rustls::pki_types::pem::PemObject as _;
        let ca = rustls::pki_types::CertificateDer::from_pem_file(ca.certificate()).unwrap();
        roots.add(ca).unwrap();
        roots
    };
    for (spoken, named) in [
        (&version::TLS12, ProtocolVersion::TLSv1_2),
        (&version::TLS13, ProtocolVersion::TLSv1_3),
    ] {
        let mut config = ClientConfig::builder_with_provider(crypto_provider())
            .with_protocol_versions(&[spoken])
            .unwrap()
            .with_root_certificates(roots())
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let (answer, client) = ask(&server, config).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert_eq!(client.protocol_version(), Some(named));
        assert_eq!(client.alpn_protocol(), Some(&b"http/1.1"[..]));
    }
    let trusting = |protocols: &[&[u8]]| {
        CaCertificates::from_root_store(roots()).into_client_config(protocols)
    };
    assert!(ask(&server, trusting(&[])).is_ok(), "without ALPN");
    let other = ask(&server, trusting(&[b"h2"])).unwrap_err();
    assert!(
        other.to_string().contains("NoApplicationProtocol"),
        "{other}"
    );
    drop(silent);
}

#[test]
fn http_without_tls_is_told_so_in_http() {
    let directory = tempfile::tempdir().unwrap();
    let Some(ca) = TestCa::new(directory.path(), "ca") else {
        return;
    };
    let files = Files::of(
        directory.path(),
        &ca.issue("server", &CertificateOptions::default()),
    );
    let state = directory.path().join("state");
    let server = TestServer::start_with(options(&state, "127.0.0.1:0", &files.0)).unwrap();
    let plainly = |text: &str| {
        let mut stream = TcpStream::connect(server.started.address).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        drop(stream.read_to_string(&mut answer));
        answer
    };
    let token = fs::read_to_string(&server.started.admin_token_file).unwrap();
    let token = token.trim();
    let answer = plainly(&format!(
        "GET /v1/gateways HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n"
    ));
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(answer.contains("\"code\":\"tls-required\"") && answer.contains("https://"));
    assert!(!plainly("nonsense\r\n\r\n").contains("200 OK"));
    // The socket of this machine's users stays as it is.
    let mut local = std::os::unix::net::UnixStream::connect(&server.started.socket).unwrap();
    let request = b"GET /v1/whoami HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    local.write_all(request).unwrap();
    let mut answer = String::new();
    local.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
