//! Watching a gateway with curl.

use crate::gateway::{Server, example};
use crate::harness::{Background, tool};
use serde_json::Value;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(60);

struct StreamServer {
    server: Server,
    /// A token with scope `read`.
    token: String,
    /// The id of the token.
    id: String,
}

fn world() -> StreamServer {
    let server = Server::start();
    server.home.write("policy-config.yaml", example());
    let kt = |line: &str| server.home.kt_line(line).run();
    kt("gateway create --name edge --file policy-config.yaml").ok();
    let made = kt("token create --name r --scope read -o json");
    let token = made.ok().text_at("/token").to_owned();
    let id = made.text_at("/id").to_owned();
    StreamServer { server, token, id }
}

impl StreamServer {
    /// Runs `curl -N`, and resumes after an event if `last` is its id.
    fn curl(&self, curl: &std::path::Path, last: &str) -> Background {
        let url = format!("{}/v1/gateways/edge/desired/stream", self.server.url());
        let run = self.server.home.program(curl).args(["-sSN", "-H"]);
        let run = run.arg(format!("Authorization: Bearer {}", self.token));
        let run = run.args(["-H", &format!("Last-Event-ID: {last}"), &url]);
        run.spawn()
    }

    /// Publishes the example with another version number.
    fn reload(&self, version: &str) {
        let changed = example().replace("1.4.0", version);
        self.server.home.write("changed.yaml", changed);
        let line = "gateway reload --id edge --file changed.yaml --no-wait";
        self.server.home.kt_line(line).run().ok();
    }
}

/// Waits for the event for version `n`, and returns its id.
fn version(stream: &mut Background, n: u64) -> String {
    stream.wait_for("the version", TIMEOUT, |out, _| {
        let (whole, _) = out.rsplit_once("\n\n")?;
        let mut events = whole.split("\n\n").filter_map(|event| {
            let event = event.strip_prefix("event: desired\nid: ")?;
            event.split_once("\ndata: ")
        });
        let event = events.find(|(_, data)| {
            let data: Value = serde_json::from_str(data).unwrap_or_default();
            data["desired"]["version"] == n
        });
        event.map(|(id, _)| id.to_owned())
    })
}

#[test]
fn a_stream_sends_changes_and_resumes_after_a_restart() {
    let Some(curl) = tool("curl") else { return };
    let mut world = world();
    let mut stream = world.curl(&curl, "");
    version(&mut stream, 1);
    world.reload("2.0.0");
    let last = version(&mut stream, 2);
    // The server ends the stream regularly, and curl exits.
    world.server.terminate();
    let ended = stream.wait(TIMEOUT);
    ended.ok().stdout_contains("retry: ");
    world.server.start_again();
    let mut stream = world.curl(&curl, &last);
    world.reload("3.0.0");
    version(&mut stream, 3);
    let seen = stream.stdout();
    assert_eq!(seen.matches("event: ").count(), 1, "{seen}");
}

#[test]
fn a_stream_ends_when_its_token_is_revoked_or_its_gateway_deleted() {
    let Some(curl) = tool("curl") else { return };
    let mut world = world();
    let mut stream = world.curl(&curl, "");
    version(&mut stream, 1);
    let revoke = format!("token revoke --token-id {}", world.id);
    world.server.home.kt_line(&revoke).run().ok();
    stream.wait(TIMEOUT).ok().stdout_excludes("event: gone");

    world.token.clone_from(&world.server.token);
    let mut stream = world.curl(&curl, "");
    version(&mut stream, 1);
    let delete = "gateway delete --id edge --yes";
    world.server.home.kt_line(delete).run().ok();
    stream.wait(TIMEOUT).ok().stdout_contains("event: gone");
}

#[test]
fn a_stream_through_the_socket_requires_no_token() {
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
