//! Ports that nobody uses.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ports that Linux gives to clients (32768 and up): one of those may be gone again
/// before it is listened at. Two at a time, as a gateway's administration is at the next port.
const FIRST: u16 = 20_000;
const PAIRS: u16 = 5_000;

static TAKEN: AtomicU16 = AtomicU16::new(0);

/// A port of the loopback address that is free, as is the next one, and that no other test is
/// given.
pub(crate) fn free_port() -> u16 {
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    // Where this process begins, so that others that test at the same time begin elsewhere.
    let begin = u16::try_from(std::process::id() % u32::from(PAIRS)).expect("below the pairs");
    (0..PAIRS)
        .map(|_| TAKEN.fetch_add(1, Ordering::Relaxed).wrapping_add(begin) % PAIRS)
        .map(|pair| FIRST + 2 * pair)
        .find(|port| is_free(*port) && is_free(port + 1))
        .expect("there is a free port")
}
