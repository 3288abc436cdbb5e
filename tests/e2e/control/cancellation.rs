//! A signal ends a command that waits for the control plane.

use crate::harness::{Sandbox, TIMEOUT, wait_until};
use rustix::process::Signal;
use std::net::TcpListener;

/// Without it, the command would wait for the response for half a minute.
#[test]
fn a_signal_ends_the_wait_for_a_response() {
    let sandbox = Sandbox::new();
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    silent
        .set_nonblocking(true)
        .expect("a listener can be non-blocking");
    let address = silent.local_addr().expect("it is bound");
    let run = sandbox.kt_line("gateway list");
    let run = run.env("KEEPTRUSTS_API_URL", format!("http://{address}"));
    let running = run.spawn();
    let _connection = wait_until("the connection", TIMEOUT, || silent.accept().ok());
    running.signal(Signal::INT);
    running.wait(TIMEOUT).exits(130).stdout_is_empty();
}
