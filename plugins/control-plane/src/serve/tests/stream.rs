//! Streams of what is desired.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::exchange::{admin, exchange, json as body_of, request, status};
use crate::fixture::{TestServer, refusing, report};

/// A server that says nothing for so long has forgotten the stream.
const PATIENCE: Duration = Duration::from_secs(20);

/// A stream being read.
struct Stream {
    reader: BufReader<TcpStream>,
    head: String,
}

/// An event, or a comment.
#[derive(Debug, Default, PartialEq)]
struct Event {
    name: String,
    id: String,
    data: Value,
}

impl Stream {
    fn open(server: &TestServer, token: &str, query: &str, last: &str) -> Self {
        let mut stream = TcpStream::connect(server.started.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let last = if last.is_empty() {
            String::new()
        } else {
            format!("last-event-id: {last}\r\n")
        };
        let head = format!(
            "GET /v1/gateways/edge/desired/stream{query} HTTP/1.1\r\nhost: x\r\n\
             authorization: Bearer {token}\r\n{last}\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut stream = Self {
            reader: BufReader::new(stream),
            head: String::new(),
        };
        while !stream.head.ends_with("\r\n\r\n") {
            assert_ne!(stream.reader.read_line(&mut stream.head).unwrap(), 0);
        }
        assert_eq!(status(&stream.head), "200", "{}", stream.head);
        assert!(stream.block().unwrap().starts_with("retry: "));
        stream
    }

    /// The next chunk, which holds one block; `None` at the end in order.
    fn block(&mut self) -> Option<String> {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        let size = usize::from_str_radix(line.trim(), 16).expect("the size of a chunk");
        let mut chunk = vec![0; size + 2];
        std::io::Read::read_exact(&mut self.reader, &mut chunk).unwrap();
        chunk.truncate(size);
        (size > 0).then(|| String::from_utf8(chunk).unwrap())
    }

    fn event(&mut self) -> Option<Event> {
        let block = self.block()?;
        assert!(block.ends_with("\n\n"), "{block:?}");
        let mut event = Event::default();
        for line in block.lines().filter(|line| !line.is_empty()) {
            let (field, value) = line.split_once(": ").unwrap();
            match field {
                "event" => value.clone_into(&mut event.name),
                "id" => value.clone_into(&mut event.id),
                "data" => event.data = serde_json::from_str(value).unwrap(),
                other => panic!("{other}"),
            }
        }
        Some(event)
    }

    fn desired(&mut self) -> Event {
        let event = self.event().expect("an event");
        assert_eq!(event.name, "desired");
        let id = format!(
            "{}.{}",
            event.data["epoch"].as_str().unwrap(),
            event.data["index"]
        );
        assert_eq!(event.id, id);
        event
    }
}

struct World {
    _directory: tempfile::TempDir,
    server: TestServer,
    master: String,
    own: String,
}

/// A server with the gateway `edge` at version 1.
fn world() -> World {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start(directory.path());
    let master = admin(&server);
    let new = r#"{"name": "edge", "content": "one", "issue_token": true}"#;
    let made = body_of(&request(&server, "POST /v1/gateways", &master, new));
    World {
        _directory: directory,
        server,
        master,
        own: made["token"].as_str().unwrap().to_owned(),
    }
}

impl World {
    fn send(&self, line: &str, body: &Value) -> Value {
        let answer = request(&self.server, line, &self.master, &body.to_string());
        assert_eq!(&status(&answer)[..1], "2", "{answer}");
        body_of(&answer)
    }

    fn reload(&self, content: &str) {
        let line = "POST /v1/gateways/edge/actions/reload";
        self.send(line, &json!({ "content": content }));
    }
}

#[test]
fn news_come_as_they_are_made() {
    let world = world();
    let mut stream = Stream::open(&world.server, &world.own, "", "");
    for header in [
        "content-type: text/event-stream\r\n",
        "cache-control: no-store\r\n",
        "x-request-id: req_",
    ] {
        assert!(stream.head.contains(header), "{}", stream.head);
    }
    let first = stream.desired();
    let polled = request(
        &world.server,
        "GET /v1/gateways/edge/desired",
        &world.own,
        "",
    );
    let mut polled = body_of(&polled);
    polled["server_time"] = first.data["server_time"].clone();
    assert_eq!(first.data, polled, "the same as a poll is told");
    for version in 2..5 {
        world.reload(&format!("{version}"));
        let event = stream.desired();
        assert_eq!(event.data["desired"]["version"], version);
    }
}

#[test]
fn a_stream_goes_on_where_the_last_one_ended() {
    let world = world();
    let first = Stream::open(&world.server, &world.own, "", "").desired();
    // What is known already does not come again: the next event is that of the change.
    let mut header = Stream::open(&world.server, &world.own, "?index=0", &first.id);
    let epoch = first.data["epoch"].as_str().unwrap();
    let query = format!("?epoch={epoch}&index=1");
    let mut query = Stream::open(&world.server, &world.own, &query, "");
    world.reload("two");
    for stream in [&mut header, &mut query] {
        let event = stream.desired();
        assert_eq!(
            (&event.data["index"], &event.data["reset"]),
            (&json!(2), &json!(false))
        );
    }
    // What was missed comes at once, and as one event.
    world.reload("three");
    let missed = Stream::open(&world.server, &world.own, "", &first.id).desired();
    assert_eq!(missed.data["index"], 3);
    // The index of another history says nothing.
    let other = Stream::open(&world.server, &world.own, "", "elsewhere.3").desired();
    assert_eq!(other.data["reset"], true);
    for wrong in ["x", "x.", "x.-1", "x.y"] {
        let head = format!(
            "GET /v1/gateways/edge/desired/stream HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             authorization: Bearer {}\r\nlast-event-id: {wrong}\r\n\r\n",
            world.own
        );
        let answer = exchange(world.server.started.address, &head);
        assert_eq!(status(&answer), "400", "{answer}");
        assert_eq!(body_of(&answer)["code"], "malformed-request");
    }
}

#[test]
fn what_an_instance_refused_does_not_come_to_it_again() {
    let world = world();
    let line = "GET /v1/gateways/edge";
    let gateway = body_of(&request(&world.server, line, &world.master, ""));
    let gateway = serde_json::from_value(gateway).unwrap();
    let refusal = json!(refusing(report(1), &gateway));
    world.send("POST /v1/gateways/edge/status", &refusal);
    let instance = report(1).instance_id;
    let query = format!("?instance={instance}");
    let mut refused = Stream::open(&world.server, &world.own, &query, "");
    let mut other = Stream::open(&world.server, &world.own, "", "");
    assert_eq!(other.desired().data["index"], 1);
    world.reload("two");
    assert_eq!(refused.desired().data["index"], 2);
}

#[test]
fn a_stream_ends_with_its_token() {
    let world = world();
    let new = json!({"name": "r", "scope": "read"});
    let made = world.send("POST /v1/tokens", &new);
    let mut stream = Stream::open(&world.server, made["token"].as_str().unwrap(), "", "");
    stream.desired();
    let id = made["info"]["id"].as_str().unwrap();
    let line = format!("DELETE /v1/tokens/{id}");
    assert_eq!(
        status(&request(&world.server, &line, &world.master, "")),
        "200"
    );
    assert_eq!(stream.event(), None);
}

#[test]
fn a_stream_says_that_its_gateway_was_deleted() {
    let world = world();
    let mut streams = [&world.own, &world.master].map(|token| {
        let mut stream = Stream::open(&world.server, token, "", "");
        stream.desired();
        stream
    });
    let deleted = request(&world.server, "DELETE /v1/gateways/edge", &world.master, "");
    assert_eq!(status(&deleted), "204");
    for stream in &mut streams {
        let event = stream.event().expect("an event");
        assert_eq!((event.name.as_str(), event.id.as_str()), ("gone", ""));
        assert_eq!(
            (&event.data["code"], &event.data["status"]),
            (&json!("gone"), &json!(410))
        );
        assert_eq!(stream.event(), None);
    }
}

#[test]
fn a_stream_ends_in_order_with_the_server() {
    let mut world = world();
    let mut stream = Stream::open(&world.server, &world.own, "", "");
    stream.desired();
    world.server.stop();
    assert_eq!(stream.event(), None);
}
