//! A PostgreSQL database with TLS.

use super::secured::certificate_for_address;
use crate::gateway::Server;
use crate::harness::{Postgres, Sandbox, TIMEOUT, wait_until};
use kt_tls::fixture::TestCa;
use std::path::Path;

/// Whether every connection of kt uses TLS.
const SECURED: &str = "SELECT count(*) > 1 AND bool_and(ssl) FROM pg_stat_ssl \
                       JOIN pg_stat_activity USING (pid) \
                       WHERE application_name LIKE 'kt control-plane%'";
/// The number of connections that listen for changes.
const LISTENS: &str = "SELECT count(*) FROM pg_stat_activity \
                     WHERE application_name = 'kt control-plane notifications'";

#[test]
fn every_connection_uses_tls_and_another_ca_is_rejected() {
    let sandbox = Sandbox::new();
    let Some(ca) = TestCa::new(sandbox.root(), "ca") else {
        return;
    };
    let pair = certificate_for_address(&ca, "server");
    let Some(database) = Postgres::start_with_tls(&pair) else {
        return;
    };
    let plain = database.url();
    let verified = |ca: &Path| {
        let file = ca.display().to_string().replace('/', "%2F");
        format!("{plain}?sslmode=verify-full&sslrootcert={file}")
    };
    let server = Server::at(&database, &verified(&ca.certificate()));
    let created = sandbox
        .kt_line("gateway create --name production")
        .env("KEEPTRUSTS_API_URL", server.url())
        .env("KEEPTRUSTS_API_TOKEN", &server.token)
        .run();
    created.ok();
    wait_until("the one that listens", TIMEOUT, || {
        (database.query(LISTENS) == "1").then_some(())
    });
    assert_eq!(database.query(SECURED), "t");

    let check = |url: &str| {
        sandbox
            .kt_line("control-plane fsck")
            .args(["--database", url])
            .env("KT_DATABASE_PASSWORD", database.password())
    };
    // With the variables of PostgreSQL.
    let from_environment = check(plain)
        .env("PGSSLMODE", "verify-full")
        .env("PGSSLROOTCERT", ca.certificate())
        .run();
    from_environment.ok();
    let strange = TestCa::new(sandbox.root(), "strange").expect("openssl is installed");
    check(&verified(&strange.certificate()))
        .run()
        .exits(7)
        .stderr_contains("signed by an unknown authority")
        .stderr_contains("sslrootcert");
    let by_name = verified(&ca.certificate()).replace("127.0.0.1", "localhost");
    check(&by_name)
        .run()
        .exits(7)
        .stderr_contains("not valid for `localhost`, only for `127.0.0.1`");
    check(&verified(&sandbox.path("absent.crt")))
        .run()
        .exits(3)
        .stderr_contains("absent.crt");
    for (url, expected) in [
        ("postgres://kt@db.example/kt", "sslmode=verify-full"),
        ("postgres://kt@db.example/kt?sslmode=require", "require"),
        ("postgres://kt@db.example/kt?sslmode=verify-ca", "verify-ca"),
    ] {
        check(url).run().exits(2).stderr_contains(expected);
    }
}

#[test]
fn a_database_without_tls_is_rejected_if_tls_is_required() {
    let sandbox = Sandbox::new();
    let Some(ca) = TestCa::new(sandbox.root(), "ca") else {
        return;
    };
    let Some(database) = Postgres::start() else {
        return;
    };
    sandbox
        .kt_line("control-plane fsck")
        .args(["--database", database.url()])
        .env("PGSSLMODE", "verify-full")
        .env("PGSSLROOTCERT", ca.certificate())
        .env("KT_DATABASE_PASSWORD", database.password())
        .run()
        .exits(7)
        .stderr_contains("does not support TLS");
}
