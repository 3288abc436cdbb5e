//! Compares the client with that of hyper, on responses that are damaged at random: whatever it
//! accepts, hyper accepts too, with the same body. It refuses more.

use super::connection::Http1Connection;
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

const RESPONSES: [&str; 6] = [
    "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 10\r\n\r\nping, pong",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4, 4\r\n\r\npong",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nping\r\n0006;a=b\r\n, pong\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: a\r\n\r\n1f\r\n0123456789abcdef0123456789abcde\r\n0\r\na: b\r\n\r\n",
    "HTTP/1.0 404 Not Found\r\nconnection: keep-alive\r\ncontent-length: 4\r\n\r\npong",
    "HTTP/1.1 502\r\nserver: x\r\nconnection: close\r\n\r\n<html>",
];

/// What is put into a response: bytes with a meaning, and others.
const BYTES: &[u8] = b"\r\n\t :;,0123456789afAF-+\"\0\x7f\x80xHT/.";

/// Xorshift: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }

    /// Damages a response at one to three places.
    fn damage(&mut self, response: &str) -> Vec<u8> {
        let mut response = response.as_bytes().to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(response.len());
            let byte = BYTES[self.below(BYTES.len())];
            match self.below(5) {
                0 => response[at] = byte,
                1 => response.insert(at, byte),
                2 => drop(response.remove(at)),
                3 => {
                    // Repeats a part.
                    let end = (at + 1 + self.below(24)).min(response.len());
                    let part = response[at..end].to_vec();
                    response.splice(at..at, part);
                }
                _ => response.truncate(at + 1),
            }
        }
        response
    }
}

/// Sends a response when a request comes, and then nothing more.
async fn answer(mut upstream: DuplexStream, response: &[u8]) -> DuplexStream {
    upstream.read_u8().await.unwrap();
    // Fails when the client has found an error.
    drop(upstream.write_all(response).await);
    drop(upstream.shutdown().await);
    upstream
}

async fn own(response: &[u8]) -> Option<(StatusCode, Vec<u8>)> {
    let (client, upstream) = duplex(4096);
    let exchange = async {
        let mut connection = Http1Connection::new(client);
        let request = Request::post("/").body(Bytes::new()).unwrap();
        let (path, host) = (Uri::from_static("/"), HeaderValue::from_static("h"));
        let head = connection.send(&request, &path, &host).await.ok()?;
        let mut body = Vec::new();
        while let Some(data) = connection.data().await.ok()? {
            body.extend_from_slice(&data);
        }
        Some((head.status, body))
    };
    tokio::join!(exchange, answer(upstream, response)).0
}

async fn hyper(response: &[u8]) -> Option<(StatusCode, Vec<u8>)> {
    let (client, upstream) = duplex(4096);
    let (mut sender, connection) = http1::handshake(TokioIo::new(client)).await.ok()?;
    let exchange = async {
        let request = Request::post("/").body(Full::new(Bytes::new())).unwrap();
        let response = sender.send_request(request).await.ok()?;
        let status = response.status();
        let body = response.into_body().collect().await.ok()?;
        Some((status, body.to_bytes().to_vec()))
    };
    tokio::join!(exchange, connection, answer(upstream, response)).0
}

#[test]
fn what_is_accepted_is_understood_as_hyper_does() {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.unwrap();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..3000 {
        let response = random.damage(RESPONSES[round % RESPONSES.len()]);
        let text = String::from_utf8_lossy(&response).into_owned();
        runtime.block_on(async {
            match own(&response).await {
                Some(received) => {
                    accepted += 1;
                    assert_eq!(Some(received), hyper(&response).await, "{text:?}");
                }
                None => refused += 1,
            }
        });
    }
    // The responses are neither all valid nor all invalid.
    assert!(accepted > 300 && refused > 300, "{accepted}, {refused}");
}
