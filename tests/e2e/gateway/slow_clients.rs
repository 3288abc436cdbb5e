//! Clients that occupy the connections of a server, or send too much.

use super::server::Server;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

/// The number of clients of each kind.
const CLIENTS: usize = 40;
/// More than the 30 seconds that a server allows for headers.
const LIMIT: Duration = Duration::from_secs(50);
/// The pause between two bytes of a slow client.
const PAUSE: Duration = Duration::from_millis(500);

fn connect(server: &Server, first: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).expect("it listens");
    stream.set_read_timeout(Some(PAUSE)).expect("a socket");
    stream.write_all(first.as_bytes()).expect("it is read");
    stream
}

/// Reads until the server closes the connection, sending `more` at intervals. Returns the
/// response.
fn until_closed(mut stream: TcpStream, more: &[u8]) -> String {
    let end = Instant::now() + LIMIT;
    let mut response = Vec::new();
    let mut part = [0; 1024];
    loop {
        assert!(Instant::now() < end, "the connection was not closed");
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(read) => response.extend_from_slice(&part[..read]),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                // The read timed out; the next one detects a closed connection.
                drop(stream.write(more));
            }
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&response).into_owned()
}

#[test]
fn slow_clients_time_out_while_others_are_served() {
    let server = Server::start();
    let post = format!(
        "POST /v1/gateways HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{{\"name\"",
        server.token
    );
    let kinds: [(&str, &str, &[u8]); 4] = [
        ("no data", "", b""),
        ("partial headers", "GET /v1/version HTTP/1.1\r\nho", b""),
        (
            "headers byte by byte",
            "GET /v1/version HTTP/1.1\r\nx: ",
            b"y",
        ),
        ("a body that stalls", &post, b""),
    ];
    thread::scope(|scope| {
        let mut clients = Vec::new();
        for (kind, first, more) in kinds {
            for _ in 0..CLIENTS {
                let stream = connect(&server, first);
                clients.push((kind, scope.spawn(move || until_closed(stream, more))));
            }
        }
        let mut served = 0;
        while clients.iter().any(|(_, client)| !client.is_finished()) {
            let reply = server.send(&server.token, "GET /v1/gateways", None);
            assert_eq!(reply.expect("it responds").status, 200);
            served += 1;
            thread::sleep(Duration::from_millis(20));
        }
        assert!(served > 100, "only {served} requests were served meanwhile");
        for (kind, client) in clients {
            let response = client.join().expect("it was closed");
            let expected = response.is_empty() || response.starts_with("HTTP/1.1 408");
            assert!(expected, "{kind}: {response}");
        }
    });
    let listed = server.send(&server.token, "GET /v1/gateways", None);
    assert!(listed.expect("it responds").body.contains("\"items\":[]"));
}

#[test]
fn oversized_requests_are_refused() {
    let server = Server::start();
    let long = "x".repeat(64 * 1024);
    let head = format!("GET /v1/version HTTP/1.1\r\nhost: x\r\nx: {long}\r\n\r\n");
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).expect("it listens");
    stream.set_read_timeout(Some(PAUSE)).expect("a socket");
    // The connection may be closed before everything is sent.
    drop(stream.write_all(head.as_bytes()));
    let response = until_closed(stream, b"");
    assert!(
        response.is_empty() || response.starts_with("HTTP/1.1 431"),
        "{response}"
    );

    let announced = format!(
        "POST /v1/gateways HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 999999999999\r\n\r\n",
        server.token
    );
    let response = until_closed(connect(&server, &announced), b"");
    assert!(response.starts_with("HTTP/1.1 413"), "{response}");
    let reply = server.send(&server.token, "GET /v1/whoami", None);
    assert_eq!(reply.expect("it responds").status, 200);
}
