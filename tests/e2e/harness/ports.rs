//! Free ports.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ephemeral ports of Linux (32768 and up), which a client may take before the test
/// listens on them. Ports are used in pairs: a gateway's administration listens on the next one.
const FIRST: u16 = 20_000;
const PAIRS: u16 = 5_000;

static NEXT_PAIR: AtomicU16 = AtomicU16::new(0);

/// Returns a free port of the loopback address that no other test gets. The next port is free
/// too.
pub(crate) fn free_port() -> u16 {
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    // Test processes that run at the same time start at different pairs.
    let start = u16::try_from(std::process::id() % u32::from(PAIRS)).expect("below the pairs");
    (0..PAIRS)
        .map(|_| {
            NEXT_PAIR
                .fetch_add(1, Ordering::Relaxed)
                .wrapping_add(start)
                % PAIRS
        })
        .map(|pair| FIRST + 2 * pair)
        .find(|port| is_free(*port) && is_free(port + 1))
        .expect("there is a free port")
}
