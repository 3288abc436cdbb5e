//! Contents in the coding that the client accepts.

use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::json;

use super::exchange::{admin, exchange_bytes, request, status};
use crate::fixture::TestServer;

/// Longer than one read, and with multi-byte characters.
fn text() -> String {
    (0..2000).map(|n| format!("größe {n}\n")).collect()
}

struct Response {
    head: String,
    body: Vec<u8>,
}

impl Response {
    fn status(&self) -> &str {
        status(&self.head)
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find_map(|(key, value)| (key == name).then_some(value))
    }

    fn decompressed(&self) -> String {
        let mut text = String::new();
        GzDecoder::new(&*self.body)
            .read_to_string(&mut text)
            .unwrap();
        text
    }
}

struct ContentServer {
    server: TestServer,
    token: String,
    _directory: tempfile::TempDir,
}

impl ContentServer {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let server = TestServer::start(directory.path());
        let token = admin(&server);
        let new = json!({"name": "edge", "content": text()}).to_string();
        let created = request(&server, "POST /v1/gateways", &token, &new);
        assert_eq!(status(&created), "201");
        Self {
            server,
            token,
            _directory: directory,
        }
    }

    fn get(&self, path: &str, headers: &str) -> Response {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {}\r\n\
             {headers}\r\n",
            self.token
        );
        let response = exchange_bytes(self.server.info.address, &request);
        let end = response.windows(4).position(|four| four == b"\r\n\r\n");
        let (head, body) = response.split_at(end.unwrap() + 4);
        Response {
            head: String::from_utf8(head.to_vec()).unwrap(),
            body: body.to_vec(),
        }
    }

    /// Requests the content with headers, each with its line end.
    fn content(&self, headers: &str) -> Response {
        self.get("/v1/gateways/edge/config-versions/1/content", headers)
    }
}

#[test]
fn contents_are_compressed_for_clients_that_accept_gzip() {
    let server = ContentServer::start();
    let plain = server.content("");
    assert_eq!(plain.body, text().into_bytes());
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(plain.header("vary"), Some("Accept-Encoding"));

    let small = server.content("accept-encoding: br;q=1.0, gzip;q=0.8\r\n");
    assert_eq!((small.status(), small.decompressed()), ("200", text()));
    assert!(small.body.len() < plain.body.len() / 2);
    assert_eq!(small.header("content-encoding"), Some("gzip"));
    assert_eq!(small.header("content-type"), Some("application/yaml"));
    assert_eq!(small.header("vary"), Some("Accept-Encoding"));
    let length = small.body.len().to_string();
    assert_eq!(small.header("content-length"), Some(&*length));
    let weak = format!("W/{}", plain.header("etag").unwrap());
    assert_eq!(small.header("etag"), Some(&*weak));

    for coding in ["gzip;q=0", "identity", "br"] {
        let response = server.content(&format!("accept-encoding: {coding}\r\n"));
        assert_eq!(response.body, plain.body, "{coding}");
    }
    let other = server.get("/v1/gateways/edge", "accept-encoding: gzip\r\n");
    assert_eq!(other.header("content-encoding"), None, "contents only");
}

#[test]
fn content_that_the_client_has_in_either_coding_is_not_sent_again() {
    let server = ContentServer::start();
    for coding in ["", "accept-encoding: gzip\r\n"] {
        let first = server.content(coding);
        let etag = first.header("etag").unwrap();
        for tags in [etag.to_owned(), format!("\"other\", {etag}")] {
            let again = server.content(&format!("{coding}if-none-match: {tags}\r\n"));
            assert_eq!((again.status(), &*again.body), ("304", &b""[..]));
            assert_eq!(again.header("vary"), Some("Accept-Encoding"));
            assert_eq!(again.header("cache-control"), first.header("cache-control"));
            assert_eq!(again.header("content-encoding"), None);
            let tag = again.header("etag").unwrap();
            assert_eq!(tag.trim_start_matches("W/"), etag.trim_start_matches("W/"));
        }
    }
}

/// RFC 9110, 14.2: a server may ignore `Range`.
#[test]
fn a_range_request_gets_the_whole_content() {
    let server = ContentServer::start();
    for range in ["bytes=0-2", "bytes=999999-", "bytes=0-1,4-5", "lines=0-1"] {
        let response = server.content(&format!("range: {range}\r\nif-range: \"other\"\r\n"));
        assert_eq!(response.status(), "200", "{range}");
        assert_eq!(response.body, text().into_bytes(), "{range}");
        assert_eq!(response.header("accept-ranges"), None);
        assert_eq!(response.header("content-range"), None);
    }
}
