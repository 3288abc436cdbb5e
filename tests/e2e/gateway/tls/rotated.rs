//! A certificate that is replaced while it is in use.

use super::secured::{Secured, only_by_number};
use crate::gateway::world::{Gateway, example};
use crate::harness::{Sandbox, TIMEOUT, wait_until};
use kt_tls::fixture::TestCa;
use std::fs;

#[test]
fn new_clients_see_a_new_certificate_and_a_gateway_goes_on() {
    let Some(server) = Secured::start() else {
        return;
    };
    let sandbox = Sandbox::new();
    let old = server.ca.certificate();
    let next = TestCa::new(sandbox.root(), "next").expect("it was there before");
    let new = next.certificate();
    let text = |path| fs::read_to_string(path).expect("it was made");
    let both = sandbox.write("both.pem", text(&old) + &text(&new));
    let list = |ca| server.kt(&sandbox, ca, "gateway list").run();

    sandbox.write("policy-config.yaml", example());
    sandbox.write("next.yaml", example().replace("1.4.0", "2.0.0"));
    let create = "gateway create --name production --file policy-config.yaml";
    server.kt(&sandbox, &both, create).run().ok();
    let run = "gateway run --id production --listen 127.0.0.1:0 --workers 2 -o json";
    let gateway = Gateway::of(server.kt(&sandbox, &both, run).spawn());
    list(&new).exits(7);

    server.show(&only_by_number(&next, "second"));
    wait_until("the new certificate", TIMEOUT, || {
        (list(&new).code() == Some(0)).then_some(())
    });
    list(&old).exits(7).stderr_contains("unknown authority");
    let reload = "gateway reload --file next.yaml -o json";
    let reloaded = server.kt(&sandbox, &new, reload).run();
    assert_eq!(reloaded.ok().text_at("/result"), "applied", "{reloaded}");

    // Of a broken pair there is one word, and the one in use stays.
    let broken = server.file("tls.key");
    fs::copy(only_by_number(&next, "third").key, &broken).expect("a file");
    let complaints = || server.process.stderr().matches("is not used").count();
    wait_until("a complaint", TIMEOUT, || (complaints() > 0).then_some(()));
    list(&new).ok();
    server.show(&only_by_number(&server.ca, "fourth"));
    wait_until("the certificate after it", TIMEOUT, || {
        (list(&old).code() == Some(0)).then_some(())
    });
    assert_eq!(complaints(), 1, "{}", server.process.stderr());
    gateway.stop().ok();
}
