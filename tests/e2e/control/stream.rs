//! Following a gateway with a program that knows nothing of kt.

use crate::gateway::{Server, example};
use crate::harness::{Background, tool};
use serde_json::Value;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

struct World {
    server: Server,
    /// A token for looking.
    token: String,
    /// Its id.
    id: String,
}

fn world() -> World {
    let server = Server::start();
    server.home.write("policy-config.yaml", example());
    let kt = |line: &str| server.home.kt_line(line).run();
    kt("gateway create --name edge --file policy-config.yaml").ok();
    let made = kt("token create --name r --scope read -o json");
    let token = made.ok().text_at("/token").to_owned();
    let id = made.text_at("/id").to_owned();
    World { server, token, id }
}

impl World {
    /// `curl -N`, resuming after an event if one is named.
    fn curl(&self, curl: &std::path::Path, last: &str) -> Background {
        let url = format!("{}/v1/gateways/edge/desired/stream", self.server.url());
        let run = self.server.home.program(curl).args(["-sSN", "-H"]);
        let run = run.arg(format!("Authorization: Bearer {}", self.token));
        let run = run.args(["-H", &format!("Last-Event-ID: {last}"), &url]);
        run.spawn()
    }

    /// Publishes the example as another version of itself.
    fn reload(&self, version: &str) {
        let changed = example().replace("1.4.0", version);
        self.server.home.write("changed.yaml", changed);
        let line = "gateway reload --id edge --file changed.yaml --no-wait";
        self.server.home.kt_line(line).run().ok();
    }
}

/// The id of the event that says that version `n` is desired, once it has come whole.
fn version(stream: &mut Background, n: u64) -> String {
    stream.wait_for("the version", PATIENCE, |out, _| {
        let (whole, _) = out.rsplit_once("\n\n")?;
        let mut events = whole.split("\n\n").filter_map(|event| {
            let event = event.strip_prefix("event: desired\nid: ")?;
            event.split_once("\ndata: ")
        });
        let wanted = events.find(|(_, data)| {
            let data: Value = serde_json::from_str(data).unwrap_or_default();
            data["desired"]["version"] == n
        });
        wanted.map(|(id, _)| id.to_owned())
    })
}

#[test]
fn a_stream_brings_news_and_goes_on_after_a_restart() {
    let Some(curl) = tool("curl") else { return };
    let mut world = world();
    let mut stream = world.curl(&curl, "");
    version(&mut stream, 1);
    world.reload("2.0.0");
    let last = version(&mut stream, 2);
    // The server ends the stream in order, and curl with it.
    world.server.terminate();
    let ended = stream.wait(PATIENCE);
    ended.ok().out_has("retry: ");
    world.server.start_again();
    let mut stream = world.curl(&curl, &last);
    world.reload("3.0.0");
    version(&mut stream, 3);
    let seen = stream.stdout();
    assert_eq!(seen.matches("event: ").count(), 1, "{seen}");
}

#[test]
fn a_stream_ends_with_its_token_and_with_its_gateway() {
    let Some(curl) = tool("curl") else { return };
    let mut world = world();
    let mut stream = world.curl(&curl, "");
    version(&mut stream, 1);
    let revoke = format!("token revoke --token-id {}", world.id);
    world.server.home.kt_line(&revoke).run().ok();
    stream.wait(PATIENCE).ok().out_lacks("event: gone");

    world.token.clone_from(&world.server.token);
    let mut stream = world.curl(&curl, "");
    version(&mut stream, 1);
    let delete = "gateway delete --id edge --yes";
    world.server.home.kt_line(delete).run().ok();
    stream.wait(PATIENCE).ok().out_has("event: gone");
}

#[test]
fn a_stream_through_the_socket_needs_no_token() {
    let Some(curl) = tool("curl") else { return };
    let world = world();
    let socket = world.server.home.home().join("state/control-plane.sock");
    let run = world
        .server
        .home
        .program(&curl)
        .args(["-sSN", "--unix-socket"]);
    let run = run
        .arg(socket)
        .arg("http://x/v1/gateways/edge/desired/stream");
    let mut stream = run.spawn();
    version(&mut stream, 1);
    world.reload("2.0.0");
    version(&mut stream, 2);
}
