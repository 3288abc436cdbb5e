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
    let refused = |ran: CommandOutput| ran.exits(7).silent().err_lacks(&server.token).clone();
    server.kt(&sandbox, &trusted, LIST).run().ok();

    let nobody = server.kt_trusting_nobody(&sandbox, LIST);
    // Whatever the machine that runs the tests knows.
    refused(nobody.env("SSL_CERT_FILE", a_strange_ca(&sandbox)).run())
        .err_has("signed by an unknown authority")
        .err_has("--api-ca-file");
    let strange = a_strange_ca(&sandbox);
    refused(server.kt(&sandbox, Path::new(&strange), LIST).run())
        .err_has("signed by an unknown authority")
        .err_has(&strange);
    let by_name = format!("https://localhost:{}", server.port);
    let run = server.kt(&sandbox, &trusted, LIST);
    refused(run.env("KEEPTRUSTS_API_URL", by_name).run())
        .err_has("not valid for `localhost`, only for `127.0.0.1`")
        .err_has("subjectAltName");

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
        let ran = wait_until(name, TIMEOUT, || {
            let ran = server.kt(&sandbox, &trusted, LIST).run();
            ran.stderr.contains(expected).then_some(ran)
        });
        drop(refused(ran));
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
        let ran = run.env("KEEPTRUSTS_API_URL", &plainly).run();
        ran.exits(7)
            .silent()
            .err_has("TLS only")
            .err_has("https://");
    }
    let plain = Server::start();
    for line in [LIST, "gateway create --name x"] {
        let run = server.kt(&sandbox, &trusted, line);
        let ran = run
            .env("KEEPTRUSTS_API_URL", plain.url().replace("http:", "https:"))
            .run();
        ran.exits(7)
            .silent()
            .err_has("does not speak TLS")
            .err_has("`http://`");
    }
    let across = server.kt(&sandbox, &trusted, LIST);
    let across = across.env("KEEPTRUSTS_API_URL", "http://192.0.2.1");
    across.run().exits(3).err_has("in clear");
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
        .err_has("absent.pem")
        .err_has("No such file");
    let key = only_by_number(&server.ca, "other").key;
    with(&key).exits(3).err_has("no certificate");
    // From where kt is started, if a person says so there; not from a file.
    std::fs::copy(server.ca.certificate(), sandbox.path("ca.pem")).expect("a folder");
    with(Path::new("ca.pem")).ok();
    sandbox.write_settings("[api]\nca_file = 'ca.pem'\n");
    let ran = server.kt_trusting_nobody(&sandbox, LIST).run();
    ran.exits(3).err_has("not absolute");
    let line = format!("{LIST} --api-ca-file ca.pem");
    server.kt_trusting_nobody(&sandbox, &line).run().ok();
}
