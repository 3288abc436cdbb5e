//! Several servers over one database, and callers that know them all.

use super::server::Server;
use super::world::{Gateway, Mode, World, body, example};
use crate::harness::{Postgres, TIMEOUT, free_port, wait_until};
use serde_json::json;

#[test]
fn a_gateway_goes_on_at_another_server_when_one_is_killed() {
    let Some(database) = Postgres::start() else {
        return;
    };
    let (mut one, other) = (Server::on(&database), Server::on(&database));
    let world = World::new(Mode::Embedded);
    let urls = format!("{},{}", one.url(), other.url());
    let token = one.token.clone();
    let kt = |line: &str, urls: &str| {
        let run = world.kt(line).env("KEEPTRUSTS_API_URL", urls);
        run.env("KEEPTRUSTS_API_TOKEN", &token)
    };
    kt(
        "gateway create --name production --file policy-config.yaml",
        &urls,
    )
    .run()
    .ok();
    let line = "gateway run --id production --listen 127.0.0.1:0 -o json";
    let gateway = Gateway::of(kt(line, &urls).spawn());
    let serves = |version: u64| {
        wait_until("the version", TIMEOUT, || {
            let shown = other.send(&token, "GET /v1/gateways/production", None);
            let shown = body(&shown.expect("it answers"));
            let applied = &shown["instances"][0]["applied"]["version"];
            (*applied == json!(version)).then_some(())
        });
    };
    serves(1);
    // The server that the gateway waits at.
    one.kill();
    world
        .sandbox
        .write("next.yaml", example().replace("1.4.0", "2.0.0"));
    let reloaded = kt("gateway reload --file next.yaml -o json", &urls).run();
    assert_eq!(reloaded.ok().text_at("/result"), "applied", "{reloaded}");
    serves(2);
    one.start_again_at_port();
    kt("gateway list", &urls).run().ok();
    gateway.stop().ok();
}

#[test]
fn all_addresses_are_named_when_none_answers() {
    let world = World::new(Mode::Embedded);
    let (one, other) = (free_port(), free_port());
    let urls = format!("http://127.0.0.1:{one},http://127.0.0.1:{other}");
    let list = |urls: &str| {
        world
            .kt("gateway list")
            .env("KEEPTRUSTS_API_URL", urls)
            .run()
    };
    list(&urls)
        .exits(7)
        .stderr_contains(&one.to_string())
        .stderr_contains(&other.to_string());
    list(&format!("{urls},http://me:hunter2@127.0.0.1"))
        .exits(3)
        .stderr_excludes("hunter2");
    list("http://127.0.0.1:1,ftp://127.0.0.1")
        .exits(3)
        .stderr_contains("ftp");
}
