//! Raw HTTP requests and responses.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::fixture::TestServer;

/// Sends bytes, and returns everything that the server sends until it closes the connection.
pub(super) fn exchange(address: SocketAddr, bytes: &str) -> String {
    String::from_utf8(exchange_bytes(address, bytes)).unwrap()
}

/// As [`exchange`], for responses that are not text.
pub(super) fn exchange_bytes(address: SocketAddr, bytes: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    let mut response = Vec::new();
    // A server that closes before it has read everything may reset the connection.
    drop(stream.read_to_end(&mut response));
    response
}

/// Returns the result of one read. Small responses are sent in one write.
pub(super) fn read_some(stream: &mut TcpStream) -> String {
    let mut response = vec![0; 4096];
    let read = stream.read(&mut response).unwrap();
    String::from_utf8(response[..read].to_vec()).unwrap()
}

pub(super) fn request(server: &TestServer, line: &str, token: &str, body: &str) -> String {
    exchange(server.info.address, &raw_request(line, token, body))
}

/// Returns the start of the response, with the status. Some responses are streams.
pub(super) fn head_of(server: &TestServer, line: &str, token: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(server.info.address).unwrap();
    let request = raw_request(line, token, body);
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = [0; 512];
    let read = stream.read(&mut response).unwrap();
    String::from_utf8_lossy(&response[..read]).into_owned()
}

fn raw_request(line: &str, token: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

pub(super) fn admin(server: &TestServer) -> String {
    fs::read_to_string(&server.info.admin_token_file)
        .unwrap()
        .trim()
        .to_owned()
}

pub(super) fn status(response: &str) -> &str {
    response.split(' ').nth(1).unwrap_or("none")
}

/// Parses the body of a response.
pub(super) fn json(response: &str) -> serde_json::Value {
    let body = response.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    serde_json::from_str(body).unwrap_or_default()
}
