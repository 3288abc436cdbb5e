//! What a second worker costs the first.
//!
//! With the load generator and the upstream on the same two cores, the throughput of two workers
//! says little. But CPU time per request does: workers that share nothing need as much as one,
//! and what they share, such as counters, makes each request of both more expensive. The result
//! is the throughput of two workers in terms of one, if each had a core of its own.

use crate::config;
use crate::http::post;
use crate::load::{CLOSED, window};
use crate::peer::{kt_with_workers, start_upstream};
use crate::table::median;
use std::path::Path;

const ROUNDS: usize = 7;
/// Connections of a worker.
const CONNECTIONS: usize = 32;

/// Compares one worker with two, in alternating windows; neither is pinned to a core.
pub(crate) async fn measure(home: &Path) {
    let home = home.join("workers");
    std::fs::create_dir(&home).expect("a directory");
    let (_upstream, port) = start_upstream(&home);
    let config = config::without_chain(port);
    let gateways = [
        (1, kt_with_workers(&home, "one worker", &config, 1)),
        (2, kt_with_workers(&home, "two workers", &config, 2)),
    ];
    let request = post(&config::body(&config::prose(850)));
    let mut scales = Vec::new();
    for _ in 0..ROUNDS {
        let mut cpu = Vec::new();
        for (workers, gateway) in &gateways {
            let connections = workers * CONNECTIONS;
            let window = window(gateway, &request, connections, CLOSED, None).await;
            cpu.push(window.cpu_per_request);
        }
        scales.push(2.0 * cpu[0] / cpu[1]);
    }
    println!(
        "two workers: {:.2} times the throughput of one",
        median(scales)
    );
}
