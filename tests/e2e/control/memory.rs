//! Memory and threads of a server after many requests have ended.

use crate::gateway::Server;
use crate::harness::{TIMEOUT, wait_until};
use std::io::Write;
use std::net::TcpStream;

const POLLS: usize = 3000;

/// Returns a number of kB, or of threads, of the status of a process.
fn status(server: &Server, name: &str) -> u64 {
    let path = format!("/proc/{}/status", server.id());
    let text = std::fs::read_to_string(path).expect("the server runs");
    let line = text.lines().find(|line| line.starts_with(name));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number
        .and_then(|number| number.parse().ok())
        .expect("a number")
}

#[test]
#[cfg(target_os = "linux")]
fn memory_and_threads_of_long_polls_are_released() {
    let server = Server::with("--max-requests-per-second 0");
    server.home.kt_line("gateway create --name g").run().ok();
    let (memory, threads) = (status(&server, "VmRSS:"), status(&server, "Threads:"));
    let address = server.url().replace("http://", "");
    let request = format!(
        "GET /v1/gateways/g/desired?index=1&wait=300 HTTP/1.1\r\nhost: localhost\r\n\
         authorization: Bearer {}\r\n\r\n",
        server.token
    );
    let polls: Vec<_> = (0..POLLS)
        .map(|_| {
            let mut stream = TcpStream::connect(&address).expect("it listens");
            stream.write_all(request.as_bytes()).expect("it reads");
            stream
        })
        .collect();
    let waiting = format!("kt_cp_long_polls {POLLS}\n");
    wait_until("the long polls", TIMEOUT, || {
        let metrics = server.send(&server.token, "GET /metrics", None).ok()?;
        metrics.body.contains(&waiting).then_some(())
    });
    let grown = status(&server, "VmRSS:").saturating_sub(memory);
    drop(polls);
    wait_until("the release of memory and threads", TIMEOUT, || {
        let kept = status(&server, "VmRSS:").saturating_sub(memory);
        let released = kept < grown / 2 && status(&server, "Threads:") <= threads + 5;
        released.then_some(())
    });
}
