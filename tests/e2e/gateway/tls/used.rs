//! The main use cases with TLS, and the addresses that a server accepts.

use super::secured::Secured;
use crate::gateway::world::{Gateway, example};
use crate::harness::{Sandbox, TIMEOUT, tool};
use kt_tls::fixture::{CertificateOptions, TestCa};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

#[test]
fn the_ca_certificates_of_a_login_are_stored() {
    let Some(server) = Secured::start() else {
        return;
    };
    let sandbox = Sandbox::new();
    let ca = sandbox.path("ca.pem");
    fs::copy(server.ca.certificate(), &ca).expect("the file can be written");
    let line = format!("auth login --api-url {} --api-ca-file ca.pem", server.url());
    sandbox
        .kt_line(&line)
        .stdin(server.token.clone())
        .run()
        .ok();
    let kept = fs::read_to_string(sandbox.profile("default")).expect("it was written");
    assert!(
        kept.contains(&format!("ca_file = \"{}\"", ca.display())),
        "{kept}"
    );

    sandbox.write("policy-config.yaml", example());
    sandbox.write("next.yaml", example().replace("1.4.0", "2.0.0"));
    let create = "gateway create --name production --file policy-config.yaml";
    sandbox.kt_line(create).run().ok();
    let run = "gateway run --id production --listen 127.0.0.1:0 --workers 2 -o json";
    let gateway = Gateway::of(sandbox.kt_line(run).spawn());
    let reloaded = sandbox
        .kt_line("gateway reload --file next.yaml -o json")
        .run();
    assert_eq!(reloaded.ok().text_at("/result"), "applied", "{reloaded}");
    gateway.stop().ok();
    sandbox
        .kt_line("doctor")
        .run()
        .stdout_contains(&server.url());

    // A service manager does not pass on the environment of a shell.
    let print = "gateway install --id production --print --backend systemd";
    let printed = sandbox.kt_line(print).run();
    printed
        .ok()
        .stdout_contains(&format!("KEEPTRUSTS_API_CA_FILE={}", ca.display()));
    printed.stdout_excludes(&server.token);

    sandbox.kt_line("auth logout").run().ok();
    assert!(!sandbox.profile("default").exists());
}

#[test]
fn metrics_require_a_token_except_on_loopback() {
    let (Some(server), Some(curl)) = (Secured::start(), tool("curl")) else {
        return;
    };
    let sandbox = Sandbox::new();
    let scrape = |header: &str| {
        let curl = sandbox.program(&curl).args(["-sS", "--cacert"]);
        let curl = curl.arg(server.ca.certificate()).arg("-H").arg(header);
        curl.arg(format!("{}/metrics", server.url())).run()
    };
    scrape("Accept: */*")
        .ok()
        .stdout_contains("unauthenticated");
    let authorization = format!("Authorization: Bearer {}", server.token);
    scrape(&authorization)
        .ok()
        .stdout_contains("kt_cp_store_up 1\n");
}

#[test]
fn addresses_other_than_loopback_require_tls() {
    let sandbox = Sandbox::new();
    let refused = |more: &str, code: i32| {
        let line = format!("control-plane serve --listen 0.0.0.0:0 {more}");
        sandbox
            .kt_line(&line)
            .run()
            .exits(code)
            .stdout_is_empty()
            .clone()
    };
    refused("", 2)
        .stderr_contains("requires TLS")
        .stderr_contains("--tls-cert");
    refused("--tls-cert a.crt", 2).stderr_contains("--tls-key");
    refused("--tls-key a.key", 2).stderr_contains("--tls-cert");
    refused("--tls-cert a.crt --tls-key a.key", 3)
        .stderr_contains("a.crt")
        .stderr_contains("No such file");
    let Some(ca) = TestCa::new(sandbox.root(), "ca") else {
        return;
    };
    let expired = CertificateOptions {
        not_after: "20210101000000Z",
        ..CertificateOptions::default()
    };
    let pair = ca.issue("server", &expired);
    fs::set_permissions(&pair.key, Permissions::from_mode(0o640)).expect("it is ours");
    let serve = || {
        sandbox
            .kt_line("control-plane serve --listen 0.0.0.0:0 -o json")
            .env("KEEPTRUSTS_TLS_CERT_PATH", &pair.certificate)
            .env("KEEPTRUSTS_TLS_KEY_PATH", &pair.key)
    };
    // A key of root may be readable for a group.
    if !rustix::process::geteuid().is_root() {
        serve().run().exits(3).stderr_contains("chmod 600");
    }
    fs::set_permissions(&pair.key, Permissions::from_mode(0o604)).expect("it is ours");
    serve().run().exits(3).stderr_contains("chmod 600");
    fs::set_permissions(&pair.key, Permissions::from_mode(0o600)).expect("it is ours");
    let mut server = serve().spawn();
    server.wait_for("its address", TIMEOUT, |out, _| {
        out.contains("\"url\":\"https://0.0.0.0:").then_some(())
    });
    server.wait_for("that it is of no use", TIMEOUT, |_, err| {
        err.contains("expired at 2021-01-01T00:00:00Z")
            .then_some(())
    });
}
