//! TLS connections that fail, each with its reason and a hint.

use super::secured::{Secured, certificate_for_address};
use crate::gateway::Server;
use crate::harness::{CommandOutput, Sandbox, TIMEOUT, wait_until};
use kt_tls::fixture::{CertificateOptions, TestCa};
use std::path::Path;

const LIST: &str = "gateway list";

#[test]
fn an_untrusted_server_receives_no_token() {
    let Some(server) = Secured::start() else {
        return;
    };
    let sandbox = Sandbox::new();
    let trusted = server.ca.certificate();
    let refused = |output: CommandOutput| {
        output
            .exits(7)
            .stdout_is_empty()
            .stderr_excludes(&server.token)
            .clone()
    };
    server.kt(&sandbox, &trusted, LIST).run().ok();

    let default_trust = server.kt_with_default_trust(&sandbox, LIST);
    // Independent of the CA certificates of the machine.
    refused(
        default_trust
            .env("SSL_CERT_FILE", a_strange_ca(&sandbox))
            .run(),
    )
    .stderr_contains("signed by an unknown authority")
    .stderr_contains("--api-ca-file");
    let strange = a_strange_ca(&sandbox);
    refused(server.kt(&sandbox, Path::new(&strange), LIST).run())
        .stderr_contains("signed by an unknown authority")
        .stderr_contains(&strange);
    let by_name = format!("https://localhost:{}", server.port);
    let run = server.kt(&sandbox, &trusted, LIST);
    refused(run.env("KEEPTRUSTS_API_URL", by_name).run())
        .stderr_contains("not valid for `localhost`, only for `127.0.0.1`")
        .stderr_contains("subjectAltName");

    let old = CertificateOptions {
        not_after: "20210101000000Z",
        ..CertificateOptions::default()
    };
    let early = CertificateOptions {
        not_before: "20800101000000Z",
        ..CertificateOptions::default()
    };
    let authority = CertificateOptions {
        extension: "basicConstraints=critical,CA:TRUE",
        ..CertificateOptions::default()
    };
    for (name, leaf, expected) in [
        ("old", old, "expired at 2021-01-01T00:00:00Z"),
        ("early", early, "not valid before 2080-01-01T00:00:00Z"),
        ("authority", authority, "is a CA certificate"),
    ] {
        server.install_certificate(&server.ca.issue(name, &leaf));
        let output = wait_until(name, TIMEOUT, || {
            let output = server.kt(&sandbox, &trusted, LIST).run();
            output.stderr.contains(expected).then_some(output)
        });
        drop(refused(output));
        assert!(server.process.stderr().contains(expected), "{name}");
    }
}

/// Returns the certificate of a CA that signed no other certificate.
fn a_strange_ca(sandbox: &Sandbox) -> String {
    let strange = TestCa::new(sandbox.root(), "strange").expect("openssl is installed");
    strange.certificate().display().to_string()
}

#[test]
fn a_wrong_scheme_and_an_unreachable_server_have_different_messages() {
    let Some(server) = Secured::start() else {
        return;
    };
    let sandbox = Sandbox::new();
    let trusted = server.ca.certificate();
    let plainly = format!("http://127.0.0.1:{}", server.port);
    for line in [LIST, "gateway create --name x"] {
        let run = server.kt(&sandbox, &trusted, line);
        let output = run.env("KEEPTRUSTS_API_URL", &plainly).run();
        output
            .exits(7)
            .stdout_is_empty()
            .stderr_contains("TLS only")
            .stderr_contains("https://");
    }
    let plain = Server::start();
    for line in [LIST, "gateway create --name x"] {
        let run = server.kt(&sandbox, &trusted, line);
        let output = run
            .env("KEEPTRUSTS_API_URL", plain.url().replace("http:", "https:"))
            .run();
        output
            .exits(7)
            .stdout_is_empty()
            .stderr_contains("does not speak TLS")
            .stderr_contains("`http://`");
    }
    let across = server.kt(&sandbox, &trusted, LIST);
    let across = across.env("KEEPTRUSTS_API_URL", "http://192.0.2.1");
    across.run().exits(3).stderr_contains("in clear");
}

#[test]
fn an_invalid_file_of_ca_certificates_is_a_settings_error() {
    let Some(server) = Secured::start() else {
        return;
    };
    let sandbox = Sandbox::new();
    let with = |file: &Path| server.kt(&sandbox, file, LIST).run();
    with(Path::new("absent.pem"))
        .exits(3)
        .stderr_contains("absent.pem")
        .stderr_contains("No such file");
    let key = certificate_for_address(&server.ca, "other").key;
    with(&key).exits(3).stderr_contains("no certificate");
    // Relative paths are accepted from options and the environment, not from files.
    std::fs::copy(server.ca.certificate(), sandbox.path("ca.pem")).expect("a folder");
    with(Path::new("ca.pem")).ok();
    sandbox.write_settings("[api]\nca_file = 'ca.pem'\n");
    let output = server.kt_with_default_trust(&sandbox, LIST).run();
    output.exits(3).stderr_contains("not absolute");
    let line = format!("{LIST} --api-ca-file ca.pem");
    server.kt_with_default_trust(&sandbox, &line).run().ok();
}
