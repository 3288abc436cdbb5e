//! Streams of the desired state.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::exchange::{admin, exchange, json as body_of, request, status};
use crate::fixture::{TestServer, rejecting, report};

/// How long to wait for an event.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// A client of a stream.
struct Stream {
    reader: BufReader<TcpStream>,
    head: String,
}

/// An event.
#[derive(Debug, Default, PartialEq)]
struct Event {
    name: String,
    id: String,
    data: Value,
}

impl Stream {
    fn open(server: &TestServer, token: &str, query: &str, last: &str) -> Self {
        let mut stream = TcpStream::connect(server.info.address).unwrap();
        stream.set_read_timeout(Some(READ_TIMEOUT)).unwrap();
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

    /// Returns the next chunk, which contains one block; `None` at the regular end.
    fn block(&mut self) -> Option<String> {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        let size = usize::from_str_radix(line.trim(), 16).expect("not the size of a chunk");
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

struct EdgeServer {
    _directory: tempfile::TempDir,
    server: TestServer,
    master: String,
    own: String,
}

/// A server with the gateway `edge` at version 1.
fn edge_server() -> EdgeServer {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start(directory.path());
    let master = admin(&server);
    let new = r#"{"name": "edge", "content": "one", "issue_token": true}"#;
    let created = body_of(&request(&server, "POST /v1/gateways", &master, new));
    EdgeServer {
        _directory: directory,
        server,
        master,
        own: created["token"].as_str().unwrap().to_owned(),
    }
}

impl EdgeServer {
    fn send(&self, line: &str, body: &Value) -> Value {
        let response = request(&self.server, line, &self.master, &body.to_string());
        assert_eq!(&status(&response)[..1], "2", "{response}");
        body_of(&response)
    }

    fn reload(&self, content: &str) {
        let line = "POST /v1/gateways/edge/actions/reload";
        self.send(line, &json!({ "content": content }));
    }
}

#[test]
fn every_change_is_sent() {
    let edge = edge_server();
    let mut stream = Stream::open(&edge.server, &edge.own, "", "");
    for header in [
        "content-type: text/event-stream\r\n",
        "cache-control: no-store\r\n",
        "x-request-id: req_",
    ] {
        assert!(stream.head.contains(header), "{}", stream.head);
    }
    let first = stream.desired();
    let polled = request(&edge.server, "GET /v1/gateways/edge/desired", &edge.own, "");
    let mut polled = body_of(&polled);
    polled["server_time"] = first.data["server_time"].clone();
    assert_eq!(first.data, polled, "the same as the response to a poll");
    for version in 2..5 {
        edge.reload(&format!("{version}"));
        let event = stream.desired();
        assert_eq!(event.data["desired"]["version"], version);
    }
}

#[test]
fn a_stream_resumes_after_the_last_event() {
    let edge = edge_server();
    let first = Stream::open(&edge.server, &edge.own, "", "").desired();
    // A state that the client has is not sent again: the next event is the change.
    let mut header = Stream::open(&edge.server, &edge.own, "?index=0", &first.id);
    let epoch = first.data["epoch"].as_str().unwrap();
    let query = format!("?epoch={epoch}&index=1");
    let mut query = Stream::open(&edge.server, &edge.own, &query, "");
    edge.reload("two");
    for stream in [&mut header, &mut query] {
        let event = stream.desired();
        assert_eq!(
            (&event.data["index"], &event.data["reset"]),
            (&json!(2), &json!(false))
        );
    }
    // Missed changes are sent at once, as one event.
    edge.reload("three");
    let missed = Stream::open(&edge.server, &edge.own, "", &first.id).desired();
    assert_eq!(missed.data["index"], 3);
    // An index of another epoch is ignored.
    let other = Stream::open(&edge.server, &edge.own, "", "elsewhere.3").desired();
    assert_eq!(other.data["reset"], true);
    for wrong in ["x", "x.", "x.-1", "x.y"] {
        let head = format!(
            "GET /v1/gateways/edge/desired/stream HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             authorization: Bearer {}\r\nlast-event-id: {wrong}\r\n\r\n",
            edge.own
        );
        let response = exchange(edge.server.info.address, &head);
        assert_eq!(status(&response), "400", "{response}");
        assert_eq!(body_of(&response)["code"], "malformed-request");
    }
}

#[test]
fn a_rejected_version_is_not_sent_again() {
    let edge = edge_server();
    let line = "GET /v1/gateways/edge";
    let gateway = body_of(&request(&edge.server, line, &edge.master, ""));
    let gateway = serde_json::from_value(gateway).unwrap();
    let rejection = json!(rejecting(report(1), &gateway));
    edge.send("POST /v1/gateways/edge/status", &rejection);
    let instance = report(1).instance_id;
    let query = format!("?instance={instance}");
    let mut rejecting = Stream::open(&edge.server, &edge.own, &query, "");
    let mut other = Stream::open(&edge.server, &edge.own, "", "");
    assert_eq!(other.desired().data["index"], 1);
    edge.reload("two");
    assert_eq!(rejecting.desired().data["index"], 2);
}

#[test]
fn a_stream_ends_with_its_token() {
    let edge = edge_server();
    let new = json!({"name": "r", "scope": "read"});
    let created = edge.send("POST /v1/tokens", &new);
    let mut stream = Stream::open(&edge.server, created["token"].as_str().unwrap(), "", "");
    stream.desired();
    let id = created["info"]["id"].as_str().unwrap();
    let line = format!("DELETE /v1/tokens/{id}");
    assert_eq!(
        status(&request(&edge.server, &line, &edge.master, "")),
        "200"
    );
    assert_eq!(stream.event(), None);
}

#[test]
fn a_deleted_gateway_ends_its_streams_with_an_event() {
    let edge = edge_server();
    let mut streams = [&edge.own, &edge.master].map(|token| {
        let mut stream = Stream::open(&edge.server, token, "", "");
        stream.desired();
        stream
    });
    let deleted = request(&edge.server, "DELETE /v1/gateways/edge", &edge.master, "");
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
fn a_stream_ends_regularly_when_the_server_stops() {
    let mut edge = edge_server();
    let mut stream = Stream::open(&edge.server, &edge.own, "", "");
    stream.desired();
    edge.server.stop();
    assert_eq!(stream.event(), None);
}
