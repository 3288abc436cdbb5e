//! Tests of certificate rotation and of the handshake.

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
    AlertDescription, ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, StreamOwned,
    version,
};

use super::certificate::{TlsFiles, certificate_error};
use super::rotation::CertificateWatcher;
use crate::fixture::TestServer;
use crate::serve::{MAX_REQUESTS_PER_SECOND, ServeError, ServeOptions};

/// The files of certificate and key, whose contents a test replaces.
struct Files(TlsFiles);

impl Files {
    fn of(directory: &Path, pair: &CertificateFiles) -> Self {
        let files = Self(TlsFiles {
            certificate: directory.join("tls.crt"),
            key: directory.join("tls.key"),
        });
        files.replace(pair);
        files
    }

    fn replace(&self, pair: &CertificateFiles) {
        replace_file(&pair.certificate, &self.0.certificate);
        replace_file(&pair.key, &self.0.key);
    }
}

/// Replaces a file atomically by a copy of another one.
fn replace_file(from: &Path, to: &Path) {
    let draft = to.with_extension("draft");
    fs::copy(from, &draft).unwrap();
    fs::rename(draft, to).unwrap();
}

fn current(watcher: &CertificateWatcher) -> Vec<u8> {
    watcher.current().get().cert[0].to_vec()
}

/// Checks as often as a change takes to be applied.
fn settle(watcher: &mut CertificateWatcher) {
    watcher.check();
    watcher.check();
}

fn options(directory: &Path, listen: &str, tls: &TlsFiles) -> ServeOptions {
    ServeOptions {
        directory: directory.to_owned(),
        database: None,
        listen: listen.parse().unwrap(),
        tls: Some(tls.clone()),
        admin_token_file: None,
        max_requests_per_second: MAX_REQUESTS_PER_SECOND,
        backups: None,
    }
}

/// Sends a request over TLS.
fn get_health(server: &TestServer, config: ClientConfig) -> io::Result<(String, ClientConnection)> {
    let name = ServerName::try_from("localhost").unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let socket = TcpStream::connect(("127.0.0.1", server.info.address.port()))?;
    let mut stream = StreamOwned::new(client, socket);
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    Ok((response, stream.conn))
}

#[test]
fn unusable_files_are_reported_with_the_reason() {
    let directory = tempfile::tempdir().unwrap();
    let Some(ca) = TestCa::new(directory.path(), "ca") else {
        return;
    };
    let pair = ca.issue("good", &CertificateOptions::default());
    let other = ca.issue("other", &CertificateOptions::default());
    let files = Files::of(directory.path(), &pair);
    let error = || {
        let options = options(&directory.path().join("state"), "127.0.0.1:0", &files.0);
        let error = TestServer::start_with(options).map(drop).unwrap_err();
        assert!(matches!(error, ServeError::Tls(_)), "{error}");
        error.to_string()
    };
    let assert_error = |expected: &[&str]| {
        let message = error();
        for part in expected {
            assert!(message.contains(part), "{message}");
        }
    };
    fs::set_permissions(&files.0.key, Permissions::from_mode(0o644)).unwrap();
    assert_error(&["tls.key", "chmod 600"]);
    fs::remove_file(&files.0.key).unwrap();
    assert_error(&["tls.key", "No such file"]);
    replace_file(&other.key, &files.0.key);
    assert_error(&["tls.key", "does not match the certificate", "tls.crt"]);
    let key = fs::read_to_string(&pair.key).unwrap();
    for (text, expected) in [
        ("", "no PEM private key"),
        (
            "-----BEGIN PRIVATE KEY-----\nbm9uZQ==\n-----END PRIVATE KEY-----\n",
            "not supported",
        ),
        (
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nbm9uZQ==\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "encrypted",
        ),
    ] {
        fs::write(&files.0.key, text).unwrap();
        assert_error(&["tls.key", expected]);
    }
    files.replace(&pair);
    for (text, expected) in [
        ("", "no PEM certificate"),
        (key.as_str(), "no PEM certificate"),
        (
            "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n",
            "certificate 1 in",
        ),
    ] {
        fs::write(&files.0.certificate, text).unwrap();
        assert_error(&["tls.crt", expected]);
    }
    fs::remove_file(&files.0.certificate).unwrap();
    assert_error(&["tls.crt", "No such file"]);
    assert!(
        !directory.path().join("state").exists(),
        "the state directory was created"
    );
}

#[test]
fn only_a_complete_pair_is_reloaded() {
    let directory = tempfile::tempdir().unwrap();
    let Some(ca) = TestCa::new(directory.path(), "ca") else {
        return;
    };
    let (one, other) = (
        ca.issue("one", &CertificateOptions::default()),
        ca.issue("other", &CertificateOptions::default()),
    );
    let files = Files::of(directory.path(), &one);
    let mut watcher = CertificateWatcher::open(&files.0).unwrap();
    let first = current(&watcher);
    settle(&mut watcher);
    assert_eq!(current(&watcher), first);

    // Between the renames of the two files.
    replace_file(&other.certificate, &files.0.certificate);
    watcher.check();
    replace_file(&other.key, &files.0.key);
    watcher.check();
    assert_eq!(current(&watcher), first, "the files may still change");
    watcher.check();
    let second = current(&watcher);
    assert_ne!(second, first);

    replace_file(&one.key, &files.0.key);
    settle(&mut watcher);
    assert_eq!(current(&watcher), second, "the key does not match");
    fs::remove_file(&files.0.certificate).unwrap();
    settle(&mut watcher);
    assert_eq!(current(&watcher), second, "the certificate is missing");
    replace_file(&one.certificate, &files.0.certificate);
    settle(&mut watcher);
    assert_eq!(current(&watcher), first, "the pair is complete again");

    files.replace(&other);
    fs::set_permissions(&files.0.key, Permissions::from_mode(0o644)).unwrap();
    settle(&mut watcher);
    assert_eq!(current(&watcher), first, "the key is not private");
    fs::set_permissions(&files.0.key, Permissions::from_mode(0o600)).unwrap();
    settle(&mut watcher);
    assert_eq!(current(&watcher), second);
}

/// certbot and mounted secrets of Kubernetes replace a link.
#[test]
fn a_new_target_of_a_symbolic_link_is_a_change() {
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
    let mut watcher = CertificateWatcher::open(&files).unwrap();
    let first = current(&watcher);
    symlink("other", at("next")).unwrap();
    fs::rename(at("next"), at("live")).unwrap();
    settle(&mut watcher);
    assert_ne!(current(&watcher), first);
}

#[test]
fn certificates_that_every_client_rejects_are_detected() {
    let directory = tempfile::tempdir().unwrap();
    let Some(ca) = TestCa::new(directory.path(), "ca") else {
        return;
    };
    let error = |name: &str, leaf: &CertificateOptions<'_>| {
        let pair = ca.issue(name, leaf);
        let files = TlsFiles {
            certificate: pair.certificate,
            key: pair.key,
        };
        certificate_error(&files.read().unwrap())
    };
    let leaf = CertificateOptions::default;
    assert_eq!(error("good", &leaf()), None);
    let not_after = "20210101000000Z";
    let old = error(
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
    let early = error("early", &early).unwrap().to_string();
    assert!(early.contains("2080-01-01"), "{early}");
    let extension = "basicConstraints=critical,CA:TRUE";
    let authority = error(
        "authority",
        &CertificateOptions {
            extension,
            ..leaf()
        },
    );
    assert_eq!(authority, Some(TlsError::CaUsedAsServer));
}

#[test]
fn tls_1_2_and_1_3_are_accepted_at_any_address() {
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
    assert!(server.info.url().starts_with("https://0.0.0.0:"));
    // Clients that do not complete a handshake do not block others.
    let silent: Vec<_> = (0..4)
        .map(|_| TcpStream::connect(("127.0.0.1", server.info.address.port())).unwrap())
        .collect();

    let roots = || {
        let mut roots = RootCertStore::empty();
        use rustls::pki_types::pem::PemObject as _;
        let ca = rustls::pki_types::CertificateDer::from_pem_file(ca.certificate()).unwrap();
        roots.add(ca).unwrap();
        roots
    };
    for (version, expected) in [
        (&version::TLS12, ProtocolVersion::TLSv1_2),
        (&version::TLS13, ProtocolVersion::TLSv1_3),
    ] {
        let mut config = ClientConfig::builder_with_provider(crypto_provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots())
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let (response, client) = get_health(&server, config).unwrap();
        assert!(response.starts_with("HTTP/1.1 200"), "{response}");
        assert_eq!(client.protocol_version(), Some(expected));
        assert_eq!(client.alpn_protocol(), Some(&b"http/1.1"[..]));
    }
    let trusting = |protocols: &[&[u8]]| {
        CaCertificates::from_root_store(roots()).into_client_config(protocols)
    };
    assert!(get_health(&server, trusting(&[])).is_ok(), "without ALPN");
    let error = get_health(&server, trusting(&[b"h2"])).unwrap_err();
    let error = error.get_ref().and_then(|inner| inner.downcast_ref());
    let no_protocol = AlertDescription::NoApplicationProtocol;
    assert_eq!(error, Some(&rustls::Error::AlertReceived(no_protocol)));
    drop(silent);
}

#[test]
fn plain_http_gets_an_http_error() {
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
    let send_plain = |text: &str| {
        let mut stream = TcpStream::connect(server.info.address).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut response = String::new();
        drop(stream.read_to_string(&mut response));
        response
    };
    let token = fs::read_to_string(&server.info.admin_token_file).unwrap();
    let token = token.trim();
    let response = send_plain(&format!(
        "GET /v1/gateways HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n"
    ));
    assert!(response.starts_with("HTTP/1.1 400"), "{response}");
    assert!(response.contains("\"code\":\"tls-required\"") && response.contains("https://"));
    assert!(!send_plain("nonsense\r\n\r\n").contains("200 OK"));
    // The Unix socket does not use TLS.
    let mut local = std::os::unix::net::UnixStream::connect(&server.info.socket).unwrap();
    let request = b"GET /v1/whoami HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    local.write_all(request).unwrap();
    let mut response = String::new();
    local.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
}
