//! Mixed load with attacks among it, while the health endpoints are probed.

use crate::http::{Connection, get, post};
use crate::peer::{self, Peer};
use crate::{config, hostile};
use kt_tests::bench::quantile;
use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::sleep;

/// Between two probes of an endpoint.
const PROBE_INTERVAL: Duration = Duration::from_millis(100);
/// Between two lines of the report, shorter for a short run.
const REPORT_INTERVAL: Duration = Duration::from_secs(60);
/// Connections of each kind of client.
const CONNECTIONS: usize = 2;
/// A pause of each client between two requests: the load generator shares the machine.
const PAUSE: Duration = Duration::from_millis(5);

/// What happens while it runs.
#[derive(Default)]
struct Counts {
    whole: Cell<u64>,
    streams: Cell<u64>,
    hostile: Cell<u64>,
    left: Cell<u64>,
    many_choices: Cell<u64>,
    failed: Cell<u64>,
    probes: RefCell<Vec<Duration>>,
    failed_probes: Cell<u64>,
}

fn increment(counter: &Cell<u64>) {
    counter.set(counter.get() + 1);
}

/// Runs the load for a duration and prints what was measured.
pub(crate) async fn run(home: &Path, duration: Duration) {
    let (_upstream, port) = peer::start_upstream(home);
    let gateway = peer::kt(home, peer::FULL_CHAIN, &config::full_chain(port));
    let counts = Rc::new(Counts::default());
    let port = gateway.server.port;
    let mut clients = vec![
        spawn_local(probe(port, "/readyz", Rc::clone(&counts))),
        spawn_local(probe(port, "/livez", Rc::clone(&counts))),
    ];
    for number in 0..CONNECTIONS {
        clients.extend(start_clients(port, number, &counts));
    }
    report(&gateway, duration, &counts).await;
    for client in &clients {
        client.abort();
    }
    sleep(Duration::from_secs(2)).await;
    println!(
        "memory after the load: {:.1} MiB",
        gateway.server.memory() / 1024.0
    );
}

fn start_clients(port: u16, number: usize, counts: &Rc<Counts>) -> Vec<JoinHandle<()>> {
    let text = format!("Write to bob.smith@example.com. {}", config::prose(850));
    let many: Vec<Vec<u8>> = vec![post(&config::stream_body(&text, 2000, 0, 1000))];
    let attacks = hostile::inputs(64 * 1024);
    let attacks = attacks.iter().map(|(_, text)| post(&config::body(text)));
    let whole = vec![post(&config::body(&text))];
    let streams = vec![post(&config::stream_body(&text, 40, 10_000, 1))];
    let mut leaving = streams.clone();
    leaving.extend(attacks.clone().step_by(3));
    let client = |requests, counter: fn(&Counts) -> &Cell<u64>| {
        spawn_local(client(port, requests, number, Rc::clone(counts), counter))
    };
    vec![
        client(whole, |counts| &counts.whole),
        client(streams, |counts| &counts.streams),
        client(attacks.collect(), |counts| &counts.hostile),
        client(many, |counts| &counts.many_choices),
        spawn_local(leave(port, leaving, Rc::clone(counts))),
    ]
}

/// Sends requests in turn for as long as it may.
async fn client(
    port: u16,
    requests: Vec<Vec<u8>>,
    first: usize,
    counts: Rc<Counts>,
    counter: fn(&Counts) -> &Cell<u64>,
) {
    let mut open = None;
    for request in requests.iter().cycle().skip(first * 7) {
        let mut connection = match open.take() {
            Some(connection) => connection,
            None => Connection::open(port).await.expect("it listens"),
        };
        match connection.exchange(request, |_| {}).await {
            Ok(200 | 400) => {
                increment(counter(&counts));
                open = Some(connection);
            }
            _ => increment(&counts.failed),
        }
        sleep(PAUSE).await;
    }
}

/// Sends requests and closes the connection before the response is complete.
async fn leave(port: u16, requests: Vec<Vec<u8>>, counts: Rc<Counts>) {
    for (number, request) in requests.iter().cycle().enumerate() {
        let mut connection = Connection::open(port).await.expect("it listens");
        // Sometimes in the middle of the request.
        let end = if number % 4 == 0 {
            request.len() / 2
        } else {
            request.len()
        };
        drop(connection.send(&request[..end]).await);
        sleep(Duration::from_millis(
            u64::try_from(number % 5).unwrap_or(0) * 10,
        ))
        .await;
        drop(connection);
        increment(&counts.left);
    }
}

/// Probes an endpoint, each time over a new connection, as kubelet does.
async fn probe(port: u16, path: &'static str, counts: Rc<Counts>) {
    let request = get(path);
    loop {
        let start = Instant::now();
        let answered = async {
            let mut connection = Connection::open(port).await?;
            connection.exchange(&request, |_| {}).await
        };
        match answered.await {
            Ok(200) => counts.probes.borrow_mut().push(start.elapsed()),
            _ => increment(&counts.failed_probes),
        }
        sleep(PROBE_INTERVAL).await;
    }
}

/// Prints a line at every interval.
async fn report(gateway: &Peer, duration: Duration, counts: &Counts) {
    println!(
        "\n| minutes | memory | probes: p50 | p99 | latest | failed | whole | streams | hostile | left | many choices | failed |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    let start = Instant::now();
    let mut latest = Duration::ZERO;
    let interval = REPORT_INTERVAL.min(duration / 5);
    while start.elapsed() < duration {
        sleep(interval).await;
        let mut probes = counts.probes.take();
        probes.sort();
        let last = probes.last().copied().unwrap_or_default();
        latest = latest.max(last);
        let millis = |time: Duration| time.as_secs_f64() * 1000.0;
        println!(
            "| {:.1} | {:.1} MiB | {:.1} ms | {:.1} ms | {:.1} ms | {} | {} | {} | {} | {} | {} | {} |",
            start.elapsed().as_secs_f64() / 60.0,
            gateway.server.memory() / 1024.0,
            millis(quantile(&probes, 0.5)),
            millis(quantile(&probes, 0.99)),
            millis(last),
            counts.failed_probes.get(),
            counts.whole.get(),
            counts.streams.get(),
            counts.hostile.get(),
            counts.left.get(),
            counts.many_choices.get(),
            counts.failed.get(),
        );
    }
    println!(
        "\nthe latest answer of a health endpoint took {:.1} ms",
        latest.as_secs_f64() * 1000.0
    );
}
