//! Connections that are not made, each with its reason and what to do.

use super::secured::{Secured, only_by_number};
use crate::gateway::Server;
use crate::harness::{CommandOutput, Sandbox, TIMEOUT, wait_until};
use kt_tls::fixture::{CertificateOptions, TestCa};
use std::path::Path;

const LIST: &str = "gateway list";

#[test]
fn whoever_is_not_trusted_is_refused_and_gets_no_token() {
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

    let nobody = server.kt_trusting_nobody(&sandbox, LIST);
    // Whatever the machine that runs the tests knows.
    refused(nobody.env("SSL_CERT_FILE", a_strange_ca(&sandbox)).run())
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
        server.show(&server.ca.issue(name, &leaf));
        let output = wait_until(name, TIMEOUT, || {
            let output = server.kt(&sandbox, &trusted, LIST).run();
            output.stderr.contains(expected).then_some(output)
        });
        drop(refused(output));
        assert!(server.process.stderr().contains(expected), "{name}");
    }
}

/// The certificate of an authority that vouches for nobody here.
fn a_strange_ca(sandbox: &Sandbox) -> String {
    let strange = TestCa::new(sandbox.root(), "strange").expect("it was there before");
    strange.certificate().display().to_string()
}

#[test]
fn the_wrong_scheme_is_told_from_a_server_that_is_away() {
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
fn a_file_of_authorities_that_is_none_is_a_wrong_setting() {
    let Some(server) = Secured::start() else {
        return;
    };
    let sandbox = Sandbox::new();
    let with = |file: &Path| server.kt(&sandbox, file, LIST).run();
    with(Path::new("absent.pem"))
        .exits(3)
        .stderr_contains("absent.pem")
        .stderr_contains("No such file");
    let key = only_by_number(&server.ca, "other").key;
    with(&key).exits(3).stderr_contains("no certificate");
    // From where kt is started, if a person says so there; not from a file.
    std::fs::copy(server.ca.certificate(), sandbox.path("ca.pem")).expect("a folder");
    with(Path::new("ca.pem")).ok();
    sandbox.write_settings("[api]\nca_file = 'ca.pem'\n");
    let output = server.kt_trusting_nobody(&sandbox, LIST).run();
    output.exits(3).stderr_contains("not absolute");
    let line = format!("{LIST} --api-ca-file ca.pem");
    server.kt_trusting_nobody(&sandbox, &line).run().ok();
}
