//! Clients that do not begin or do not complete a handshake.

use super::secured::Secured;
use crate::harness::{Sandbox, wait_until};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The descriptors of the server, which reserves 256: 44 connections.
const DESCRIPTORS: &str = "300";
/// A few slots stay free.
const SOME: usize = 36;
/// More than there are slots.
const MANY: usize = 60;
/// More than the 10 seconds that a handshake may take.
const LIMIT: Duration = Duration::from_secs(40);
const PAUSE: Duration = Duration::from_millis(20);
/// The beginning of a record with a handshake of 512 bytes.
const HALF: &[u8] = &[22, 3, 1, 2, 0];

fn connect(server: &Secured, at: usize) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).expect("it listens");
    stream.set_read_timeout(Some(PAUSE)).expect("a socket");
    if at % 2 == 1 {
        // The server may have closed it at once.
        drop(stream.write_all(HALF));
    }
    stream
}

fn is_closed(mut stream: &TcpStream) -> bool {
    match stream.read(&mut [0; 64]) {
        Ok(read) => read == 0,
        Err(e) => !matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

#[test]
fn silent_clients_are_closed_at_the_limit_while_others_are_served() {
    let server = Secured::start_as(|home, line| {
        let script = format!("ulimit -n {DESCRIPTORS} && exec \"$0\" \"$@\"");
        let kt = home.dist().join("bin/kt");
        let run = home.program(std::path::Path::new("/bin/sh"));
        run.args(["-c", &script])
            .arg(kt)
            .args(line.split_whitespace())
    });
    let Some(server) = server else { return };
    let sandbox = Sandbox::new();
    let list = || {
        server
            .kt(&sandbox, &server.ca.certificate(), "gateway list")
            .run()
    };
    let mut silent: Vec<_> = (0..SOME).map(|at| connect(&server, at)).collect();
    let mut served = 0;
    wait_until("the end of them", LIMIT, || {
        list().ok();
        served += 1;
        silent.retain(|stream| !is_closed(stream));
        silent.is_empty().then_some(())
    });
    assert!(served > 2, "only {served} were served meanwhile");

    // Incomplete handshakes count towards the limit.
    let silent: Vec<_> = (0..MANY).map(|at| connect(&server, at)).collect();
    let (first, last) = (&silent[0], &silent[MANY - 1]);
    wait_until("the end of one too many", LIMIT, || {
        is_closed(last).then_some(())
    });
    assert!(
        !is_closed(first),
        "it was closed by time, not because they were too many"
    );
    wait_until("a place again", LIMIT, || {
        (list().code() == Some(0)).then_some(())
    });
}
