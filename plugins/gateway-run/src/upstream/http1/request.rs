//! A request while it is sent.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use std::io::{IoSlice, Write as _};

/// What is left of a request to send.
#[derive(Default)]
pub(super) struct Output {
    head: Vec<u8>,
    body: Bytes,
    /// Bytes of the head, then of the body, that were sent.
    sent: usize,
}

impl Output {
    /// Returns a request for the path and the host of an address.
    pub(super) fn new(request: &Request<Bytes>, path: &Uri, host: &HeaderValue) -> Self {
        let body = request.body().clone();
        Self {
            head: head(request.method(), request.headers(), path, host, body.len()),
            body,
            sent: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.head.len() + self.body.len() == self.sent
    }

    /// Returns what is left.
    pub(super) fn slices(&self) -> [IoSlice<'_>; 2] {
        let head = self.sent.min(self.head.len());
        let body = self.sent - head;
        [
            IoSlice::new(&self.head[head..]),
            IoSlice::new(&self.body[body..]),
        ]
    }

    /// Counts bytes as sent. Nothing is kept once all are.
    pub(super) fn advance(&mut self, sent: usize) {
        self.sent += sent;
        if self.is_empty() {
            *self = Self::default();
        }
    }
}

/// The usual length of the name and the value of a header.
const HEADER_SIZE: usize = 40;

fn head(
    method: &Method,
    headers: &HeaderMap,
    path: &Uri,
    host: &HeaderValue,
    length: usize,
) -> Vec<u8> {
    let path = path.path_and_query().map_or("/", |path| path.as_str());
    let size = path.len() + host.len() + (headers.len() + 3) * HEADER_SIZE;
    let mut head = Vec::with_capacity(size);
    let mut write = |parts: [&[u8]; 4]| {
        for part in parts {
            head.extend_from_slice(part);
        }
    };
    write([method.as_str().as_bytes(), b" ", path.as_bytes(), b" "]);
    write([b"HTTP/1.1\r\n", b"host: ", host.as_bytes(), b"\r\n"]);
    for (name, value) in headers {
        // The connection decides where a message begins and ends.
        if *name != HOST && *name != CONTENT_LENGTH && *name != TRANSFER_ENCODING {
            write([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"]);
        }
    }
    // A body is empty if there is none, except where none is expected.
    if length > 0 || !matches!(*method, Method::GET | Method::HEAD) {
        // Writing to memory does not fail.
        drop(write!(head, "content-length: {length}\r\n"));
    }
    head.extend_from_slice(b"\r\n");
    head
}

#[cfg(test)]
mod tests {
    use super::Output;
    use bytes::Bytes;
    use http::{HeaderValue, Request};

    fn output(request: &Request<Bytes>) -> Output {
        let path = "/v1/chat?x=1".parse().unwrap();
        Output::new(request, &path, &HeaderValue::from_static("h:80"))
    }

    fn text(output: &Output) -> String {
        let slices = output.slices();
        String::from_utf8([&*slices[0], &*slices[1]].concat()).unwrap()
    }

    #[test]
    fn the_connection_sets_the_host_and_the_length() {
        let request = Request::post("http://other/")
            .header("host", "other")
            .header("content-length", "99")
            .header("transfer-encoding", "chunked")
            .header("x-a", "b")
            .body(Bytes::from_static(b"ping"));
        let expected =
            "POST /v1/chat?x=1 HTTP/1.1\r\nhost: h:80\r\nx-a: b\r\ncontent-length: 4\r\n\r\nping";
        assert_eq!(text(&output(&request.unwrap())), expected);
        let empty = Request::post("/").body(Bytes::new()).unwrap();
        assert!(text(&output(&empty)).ends_with("\r\ncontent-length: 0\r\n\r\n"));
        let head = Request::head("/").body(Bytes::new()).unwrap();
        assert!(text(&output(&head)).ends_with("host: h:80\r\n\r\n"));
    }

    #[test]
    fn what_was_sent_is_not_sent_again() {
        let request = Request::post("/").body(Bytes::from_static(b"ping"));
        let request = request.unwrap();
        let whole = text(&output(&request));
        for step in 1..=whole.len() {
            let mut output = output(&request);
            let mut sent = 0;
            while !output.is_empty() {
                assert_eq!(text(&output), whole[sent..]);
                let now = step.min(whole.len() - sent);
                output.advance(now);
                sent += now;
            }
            assert_eq!(sent, whole.len());
            assert_eq!(output.head.capacity(), 0);
        }
    }
}
