//! A certificate that is renewed while it is in use.

use super::secured::{Secured, certificate_for_address};
use crate::gateway::world::{Gateway, example};
use crate::harness::{Sandbox, TIMEOUT, wait_until};
use kt_tls::fixture::TestCa;
use std::fs;

#[test]
fn new_connections_use_the_renewed_certificate_and_a_gateway_keeps_serving() {
    let Some(server) = Secured::start() else {
        return;
    };
    let sandbox = Sandbox::new();
    let old = server.ca.certificate();
    let next = TestCa::new(sandbox.root(), "next").expect("openssl is installed");
    let new = next.certificate();
    let text = |path| fs::read_to_string(path).expect("the file exists");
    let both = sandbox.write("both.pem", text(&old) + &text(&new));
    let list = |ca| server.kt(&sandbox, ca, "gateway list").run();

    sandbox.write("policy-config.yaml", example());
    sandbox.write("next.yaml", example().replace("1.4.0", "2.0.0"));
    let create = "gateway create --name production --file policy-config.yaml";
    server.kt(&sandbox, &both, create).run().ok();
    let run = "gateway run --id production --listen 127.0.0.1:0 --workers 2 -o json";
    let gateway = Gateway::of(server.kt(&sandbox, &both, run).spawn());
    list(&new).exits(7);

    server.install_certificate(&certificate_for_address(&next, "second"));
    wait_until("the new certificate", TIMEOUT, || {
        (list(&new).code() == Some(0)).then_some(())
    });
    list(&old).exits(7).stderr_contains("unknown authority");
    let reload = "gateway reload --file next.yaml -o json";
    let reloaded = server.kt(&sandbox, &new, reload).run();
    assert_eq!(reloaded.ok().text_at("/result"), "applied", "{reloaded}");

    // An invalid pair is reported once, and the current one stays in use.
    let broken = server.file("tls.key");
    fs::copy(certificate_for_address(&next, "third").key, &broken).expect("a file");
    let warnings = || {
        server
            .process
            .stderr()
            .matches("cannot reload the certificate")
            .count()
    };
    wait_until("the warning", TIMEOUT, || (warnings() > 0).then_some(()));
    list(&new).ok();
    server.install_certificate(&certificate_for_address(&server.ca, "fourth"));
    wait_until("the certificate after it", TIMEOUT, || {
        (list(&old).code() == Some(0)).then_some(())
    });
    assert_eq!(warnings(), 1, "{}", server.process.stderr());
    gateway.stop().ok();
}
