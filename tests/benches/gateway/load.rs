//! Whole responses: as many requests as possible, and at a fixed rate.

use crate::config::{self, Renewed};
use crate::http::{Connection, post};
use crate::peer::{Peer, Peers};
use crate::table::{Samples, Table};
use kt_tests::bench::own_cpu_time;
use kt_tests::bench::quantile;
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::sleep_until;

const ROUNDS: usize = 3;
/// Time before a window, which is not measured.
pub(crate) const WARM_UP: Duration = Duration::from_millis(200);
/// A window of a closed loop.
pub(crate) const CLOSED: Duration = Duration::from_millis(900);
/// A window at a fixed rate, and the pause between two requests.
const OPEN: Duration = Duration::from_millis(1500);
const PAUSE: Duration = Duration::from_millis(1);

/// What a window measured.
pub(crate) struct Window {
    latencies: Vec<Duration>,
    /// CPU time of the server per request, µs.
    pub(crate) cpu_per_request: f64,
    per_second: f64,
}

pub(crate) async fn measure(peers: &Peers, table: &mut Table) {
    let small = post(&config::new_body(850));
    let large = post(&config::new_body(64 * 1024));
    let turn = post(&config::turn_body(64 * 1024, 850));
    closed(peers, table, "1 KB, 32 connections", &small, 32).await;
    closed(peers, table, "64 KB, 8 connections", &large, 8).await;
    closed(peers, table, "1 KB after 64 KB, 8 connections", &turn, 8).await;
    open(peers, table, "1 KB, 1,000 a second", &small).await;
}

async fn closed(peers: &Peers, table: &mut Table, what: &str, request: &[u8], connections: usize) {
    let mut cpu = vec![Samples::default(); peers.list.len()];
    let mut rate = cpu.clone();
    let (generator, start) = (own_cpu_time(), Instant::now());
    for _ in 0..ROUNDS {
        for (index, peer) in peers.list.iter().enumerate() {
            let window = window(peer, request, connections, CLOSED, None).await;
            cpu[index].push(window.cpu_per_request);
            rate[index].push(window.per_second);
        }
    }
    let used = (own_cpu_time() - generator) / start.elapsed().as_secs_f64();
    table.ratios(&format!("{what}: CPU time per request"), "µs", &cpu);
    table.ratios(&format!("{what}: requests per second"), "/s", &rate);
    println!(
        "{what}: the load generator used {:.0} % of a core",
        used * 100.0
    );
}

async fn open(peers: &Peers, table: &mut Table, what: &str, request: &[u8]) {
    let mut p50 = vec![Samples::default(); peers.list.len()];
    let mut p99 = p50.clone();
    for _ in 0..ROUNDS {
        for (index, peer) in peers.list.iter().enumerate() {
            let window = window(peer, request, 16, OPEN, Some(PAUSE)).await;
            p50[index].push(micros(quantile(&window.latencies, 0.5)));
            p99[index].push(micros(quantile(&window.latencies, 0.99)));
        }
    }
    table.ratios(&format!("{what}: latency p50"), "µs", &p50);
    table.ratios(&format!("{what}: latency p99"), "µs", &p99);
}

pub(crate) fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// Sends requests over some connections: each after the other, or at the times of a schedule.
pub(crate) async fn window(
    peer: &Peer,
    request: &[u8],
    connections: usize,
    length: Duration,
    pause: Option<Duration>,
) -> Window {
    let from = Instant::now() + WARM_UP;
    let until = from + length;
    let schedule = Schedule {
        pause,
        next: Rc::new(Cell::new(Instant::now())),
    };
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        let mut connection = Connection::open(peer.server.port)
            .await
            .expect("it listens");
        let (mut request, schedule) = (Renewed::new(request), schedule.clone());
        tasks.spawn_local(async move {
            let mut latencies = Vec::new();
            loop {
                let start = schedule.wait().await;
                if start >= until {
                    return latencies;
                }
                let status = connection.exchange(request.next(), |_| {}).await;
                assert!(status.is_ok_and(|status| status == 200), "a response");
                if start >= from {
                    latencies.push(start.elapsed());
                }
            }
        });
    }
    sleep_until(from.into()).await;
    let (cpu, start) = (peer.server.cpu_time(), Instant::now());
    sleep_until(until.into()).await;
    let (cpu, elapsed) = (peer.server.cpu_time() - cpu, start.elapsed());
    let mut latencies: Vec<Duration> = Vec::new();
    for own in tasks.join_all().await {
        latencies.extend(own);
    }
    latencies.sort();
    let count = latencies.len() as f64;
    Window {
        latencies,
        cpu_per_request: cpu * 1e6 / count,
        per_second: count / elapsed.as_secs_f64(),
    }
}

/// When requests begin.
#[derive(Clone)]
struct Schedule {
    pause: Option<Duration>,
    next: Rc<Cell<Instant>>,
}

impl Schedule {
    /// Waits until the next request begins; returns when it should have. A timer of tokio is up
    /// to a millisecond late, which is not a delay of the server.
    async fn wait(&self) -> Instant {
        let Some(pause) = self.pause else {
            return Instant::now();
        };
        let planned = self.next.get();
        self.next.set(planned + pause);
        if Instant::now() > planned {
            return planned;
        }
        sleep_until(planned.into()).await;
        Instant::now()
    }
}
