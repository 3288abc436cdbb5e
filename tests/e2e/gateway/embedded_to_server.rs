//! A gateway that moves from the embedded store to a server.

use super::server::Server;
use super::world::{Gateway, Mode, World, reply_text};
use crate::harness::{Postgres, TIMEOUT, http, wait_until};
use serde_json::json;

#[test]
fn a_gateway_moves_to_a_shared_database_and_keeps_serving() {
    let Some(database) = Postgres::start() else {
        return;
    };
    let world = World::new(Mode::Embedded);
    let id = world.create("policy-config.yaml");
    let gateway = world.run("");
    world.until_state("in-sync");
    gateway.stop().ok();

    let out = "control-plane export --gateway production --output-file moved.jsonl";
    world.kt(out).run().ok();
    let server = Server::on(&database);
    let import = [
        "control-plane",
        "import",
        "--input-file",
        "moved.jsonl",
        "--database",
    ];
    let imported = world
        .sandbox
        .kt(import)
        .arg(database.url())
        .env("KT_DATABASE_PASSWORD", database.password())
        .run();
    imported.ok();

    // The server has been running all along.
    let shown = server.send(&server.token, &format!("GET /v1/gateways/{id}"), None);
    assert_eq!(
        super::world::body(&shown.expect("it responds"))["last_version"],
        1
    );
    let at_server = |line: &str| {
        world
            .kt(line)
            .env("KEEPTRUSTS_API_URL", server.url())
            .env("KEEPTRUSTS_API_TOKEN", &server.token)
    };
    let line = format!("gateway run --id {id} --listen 127.0.0.1:0 -o json");
    let gateway = Gateway::of(at_server(&line).spawn());
    assert_eq!(
        reply_text(&gateway.chat("m", "bob@example.com")),
        "[EMAIL_1]"
    );
    world.sandbox.write(
        "next.yaml",
        super::world::example().replace("1.4.0", "2.0.0"),
    );
    // It serves before it sends its first report.
    wait_until("the first report", TIMEOUT, || {
        let shown = at_server("gateway inspect -o json").run();
        (shown.ok().text_at("/state") == "in-sync").then_some(())
    });
    let reloaded = at_server("gateway reload --file next.yaml -o json").run();
    assert_eq!(reloaded.ok().at("/version"), json!(2));
    assert_eq!(reloaded.text_at("/result"), "applied");
    let ready = http(gateway.admin_port, "GET", "/readyz", &[], "");
    assert_eq!(ready.expect("it responds").status, 200);
}
