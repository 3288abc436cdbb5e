//! Contents that are asked for compressed, or in part.

use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::json;

use super::exchange::{admin, exchange_bytes, json as body_of, request, status};
use crate::fixture::TestServer;

/// Longer than one read, and with characters of several bytes, in the middle of which a part may
/// end.
fn text() -> String {
    (0..2000).map(|n| format!("größe {n}\n")).collect()
}

struct Answer {
    head: String,
    body: Vec<u8>,
}

impl Answer {
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

struct Bench {
    server: TestServer,
    token: String,
    _directory: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let server = TestServer::start(directory.path());
        let token = admin(&server);
        let new = json!({"name": "edge", "content": text()}).to_string();
        let made = request(&server, "POST /v1/gateways", &token, &new);
        assert_eq!(status(&made), "201");
        Self {
            server,
            token,
            _directory: directory,
        }
    }

    fn get(&self, path: &str, headers: &str) -> Answer {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {}\r\n\
             {headers}\r\n",
            self.token
        );
        let answer = exchange_bytes(self.server.started.address, &request);
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
        let (head, body) = answer.split_at(end.unwrap() + 4);
        Answer {
            head: String::from_utf8(head.to_vec()).unwrap(),
            body: body.to_vec(),
        }
    }

    /// Asks for the content with these headers, each with its line end.
    fn content(&self, headers: &str) -> Answer {
        self.get("/v1/gateways/edge/config-versions/1/content", headers)
    }
}

#[test]
fn whoever_asks_for_gzip_gets_it_under_a_tag_of_its_own() {
    let bench = Bench::new();
    let plain = bench.content("");
    assert_eq!(plain.body, text().into_bytes());
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(plain.header("accept-ranges"), Some("bytes"));
    assert_eq!(plain.header("vary"), Some("Accept-Encoding"));

    let small = bench.content("accept-encoding: br;q=1.0, gzip;q=0.8\r\n");
    assert_eq!((small.status(), small.decompressed()), ("200", text()));
    assert!(small.body.len() < plain.body.len() / 2);
    assert_eq!(small.header("content-encoding"), Some("gzip"));
    assert_eq!(small.header("content-type"), Some("application/yaml"));
    assert_eq!(small.header("accept-ranges"), None, "it has no parts");
    assert_eq!(small.header("vary"), Some("Accept-Encoding"));
    let length = small.body.len().to_string();
    assert_eq!(small.header("content-length"), Some(&*length));
    assert_ne!(small.header("etag"), plain.header("etag"));
    assert!(small.header("etag").unwrap().starts_with("W/\""));

    for refusal in ["gzip;q=0", "identity", "br"] {
        let answer = bench.content(&format!("accept-encoding: {refusal}\r\n"));
        assert_eq!(answer.body, plain.body, "{refusal}");
    }
    let other = bench.get("/v1/gateways/edge", "accept-encoding: gzip\r\n");
    assert_eq!(other.header("content-encoding"), None, "only contents");
}

#[test]
fn what_a_client_has_in_either_form_is_not_sent_again() {
    let bench = Bench::new();
    let gzip = "accept-encoding: gzip\r\n";
    for coding in ["", gzip] {
        let first = bench.content(coding);
        let etag = first.header("etag").unwrap();
        for tags in [etag.to_owned(), format!("\"other\", {etag}")] {
            let again = bench.content(&format!("{coding}if-none-match: {tags}\r\n"));
            assert_eq!((again.status(), &*again.body), ("304", &b""[..]));
            assert_eq!(again.header("etag"), Some(etag));
            assert_eq!(again.header("vary"), Some("Accept-Encoding"));
            assert_eq!(again.header("cache-control"), first.header("cache-control"));
            assert_eq!(again.header("content-encoding"), None);
        }
    }
    let small = bench.content(gzip);
    let tag = small.header("etag").unwrap();
    let plain = bench.content(&format!("if-none-match: {tag}\r\n"));
    assert_eq!(plain.status(), "200", "it cannot read what it has");
}

#[test]
fn one_part_is_sent_alone() {
    let bench = Bench::new();
    let (all, size) = (text().into_bytes(), text().len());
    for (range, first, last) in [
        ("0-2", 0, 2),
        // In the middle of a character.
        ("3-3", 3, 3),
        ("20000-", 20000, size - 1),
        ("-5", size - 5, size - 1),
        ("0-99999999", 0, size - 1),
    ] {
        let part = bench.content(&format!("range: bytes={range}\r\n"));
        assert_eq!((part.status(), &*part.body), ("206", &all[first..=last]));
        let told = format!("bytes {first}-{last}/{size}");
        assert_eq!(part.header("content-range"), Some(&*told));
        assert_eq!(part.header("etag"), bench.content("").header("etag"));
        assert_eq!(part.header("vary"), Some("Accept-Encoding"));
    }
    for whole in ["bytes=0-1,4-5", "bytes=5-2", "lines=0-1"] {
        let answer = bench.content(&format!("range: {whole}\r\n"));
        assert_eq!(
            (answer.status(), answer.body.len()),
            ("200", size),
            "{whole}"
        );
    }
    let twice = bench.content("range: bytes=0-1\r\nrange: bytes=4-5\r\n");
    assert_eq!((twice.status(), twice.body.len()), ("200", size));
    let other = bench.get("/v1/gateways/edge", "range: bytes=0-1\r\n");
    assert_eq!(other.status(), "200", "only contents have parts");
}

#[test]
fn a_part_that_there_is_not_is_refused_with_the_size() {
    let bench = Bench::new();
    let size = text().len();
    let none = bench.content(&format!("range: bytes={size}-\r\n"));
    assert_eq!(none.status(), "416");
    let told = format!("bytes */{size}");
    assert_eq!(none.header("content-range"), Some(&*told));
    assert_eq!(
        none.header("content-type"),
        Some("application/problem+json")
    );
    let whole = none.head.clone() + &String::from_utf8(none.body.clone()).unwrap();
    let problem = body_of(&whole);
    assert_eq!(problem["code"], "range-not-satisfiable");
    assert_eq!(problem["instance"], *none.header("x-request-id").unwrap());
    let missing = "/v1/gateways/edge/config-versions/2/content";
    let missing = bench.get(missing, "range: bytes=0-1\r\n");
    assert_eq!(missing.status(), "404");
}

#[test]
fn a_part_of_something_else_is_never_sent() {
    let bench = Bench::new();
    let etag = bench.content("").header("etag").unwrap().to_owned();
    let range = "range: bytes=0-2\r\n";
    let same = bench.content(&format!("{range}if-range: {etag}\r\n"));
    assert_eq!(same.status(), "206");
    let weak = format!("W/{etag}");
    let date = "Tue, 24 Nov 2026 12:00:00 GMT";
    for other in ["\"other\"", &weak, date] {
        let whole = bench.content(&format!("{range}if-range: {other}\r\n"));
        assert_eq!((whole.status(), whole.body.len()), ("200", text().len()));
        let behind = format!("range: bytes=999999-\r\nif-range: {other}\r\n");
        assert_eq!(
            bench.content(&behind).status(),
            "200",
            "no longer asked for"
        );
    }
    let known = bench.content(&format!("{range}if-none-match: {etag}\r\n"));
    assert_eq!(known.status(), "304", "that comes first");
}

#[test]
fn a_part_is_one_of_the_bytes_as_they_are() {
    let bench = Bench::new();
    let both = bench.content("accept-encoding: gzip\r\nrange: bytes=0-2\r\n");
    assert_eq!(
        (both.status(), &*both.body),
        ("206", &text().as_bytes()[..3])
    );
    assert_eq!(both.header("content-encoding"), None);
    assert_eq!(both.header("etag"), bench.content("").header("etag"));

    let small = bench.content("accept-encoding: gzip\r\n");
    let tag = small.header("etag").unwrap();
    let resumed = format!("accept-encoding: gzip\r\nrange: bytes=9-\r\nif-range: {tag}\r\n");
    let resumed = bench.content(&resumed);
    assert_eq!((resumed.status(), resumed.decompressed()), ("200", text()));
    let only = bench.content("accept-encoding: gzip, identity;q=0\r\nrange: bytes=0-2\r\n");
    assert_eq!((only.status(), only.decompressed()), ("200", text()));
}
