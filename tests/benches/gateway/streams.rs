//! Streams: the first byte, the forwarding of every event, and when its text is complete.

use crate::config;
use crate::http::{Connection, post};
use crate::load::{WARM_UP, micros};
use crate::peer::{Peer, Peers};
use crate::script;
use crate::table::{Samples, Table};
use kt_tests::bench::quantile;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::sleep_until;

const ROUNDS: usize = 3;
const LENGTH: Duration = Duration::from_millis(1500);
const STREAMS: usize = 16;
const EVENTS: usize = 40;
const PAUSE_US: usize = 10_000;

/// What streams measured.
#[derive(Default)]
struct Times {
    first_byte: Vec<Duration>,
    /// From the upstream to the client, for each event.
    forwarded: Vec<Duration>,
    /// From the upstream until the client has the whole text of the event.
    text: Vec<Duration>,
    /// Events whose text was complete only with a later one.
    late: usize,
}

/// A stream as the client reads it.
#[derive(Default)]
struct Reader {
    line: Vec<u8>,
    /// When each event was sent, and the length of the text up to its end.
    sent: Vec<(u64, usize)>,
    /// Bytes of text that have arrived.
    arrived: usize,
    /// Events whose text is complete.
    complete: usize,
    done: bool,
}

impl Reader {
    fn read(&mut self, data: &[u8], times: &mut Times) {
        for byte in data {
            if *byte != b'\n' {
                self.line.push(*byte);
                continue;
            }
            let line = std::mem::take(&mut self.line);
            let line = String::from_utf8_lossy(&line);
            if let Some(event) = line.strip_prefix("data: ") {
                self.event(event, times);
            }
        }
    }

    fn event(&mut self, event: &str, times: &mut Times) {
        self.done |= event == "[DONE]";
        let now = script::now();
        let elapsed = |sent: u64| Duration::from_micros(now.saturating_sub(sent));
        self.arrived += script::content(event).len();
        if let Some(sent) = script::sent_at(event) {
            times.forwarded.push(elapsed(sent));
            self.sent(sent);
        }
        let number = self.sent.len().saturating_sub(1);
        while let Some((sent, length)) = self.sent.get(self.complete)
            && *length <= self.arrived
        {
            times.text.push(elapsed(*sent));
            times.late += usize::from(self.complete < number);
            self.complete += 1;
        }
    }

    /// Takes the next event of the upstream; a gateway may send others between them.
    fn sent(&mut self, sent: u64) {
        let number = self.sent.len();
        let before = self.sent.last().map_or(0, |(_, length)| *length);
        // The last event has no text.
        let length = if number + 1 < EVENTS {
            script::piece(number).len()
        } else {
            0
        };
        self.sent.push((sent, before + length));
    }
}

pub(crate) async fn measure(peers: &Peers, table: &mut Table) {
    let samples = || vec![Samples::default(); peers.list.len()];
    let (mut first, mut p50, mut p99) = (samples(), samples(), samples());
    let (mut text, mut late, mut cpu) = (samples(), samples(), samples());
    for _ in 0..ROUNDS {
        for (index, peer) in peers.list.iter().enumerate() {
            let (times, cpu_per_event) = window(peer).await;
            first[index].push(micros(quantile(&times.first_byte, 0.5)));
            p50[index].push(micros(quantile(&times.forwarded, 0.5)));
            p99[index].push(micros(quantile(&times.forwarded, 0.99)));
            text[index].push(micros(quantile(&times.text, 0.9)));
            late[index].push(times.late as f64 * 100.0 / times.text.len() as f64);
            cpu[index].push(cpu_per_event);
        }
    }
    let what = format!("{STREAMS} streams");
    table.ratios(&format!("{what}: first byte p50"), "µs", &first);
    table.ratios(&format!("{what}: CPU time per event"), "µs", &cpu);
    table.ratios(&format!("{what}: forwarding of an event p50"), "µs", &p50);
    table.ratios(&format!("{what}: forwarding of an event p99"), "µs", &p99);
    table.values(
        &format!("{what}: the text of an event is complete, p90"),
        "µs",
        &text,
    );
    table.values(
        &format!("{what}: text that comes with a later event"),
        "%",
        &late,
    );
}

async fn window(peer: &Peer) -> (Times, f64) {
    let from = Instant::now() + WARM_UP;
    let until = from + LENGTH;
    let prose = config::prose(850);
    let request = post(&config::stream_body(&prose, EVENTS, PAUSE_US, 1));
    let mut tasks = JoinSet::new();
    for _ in 0..STREAMS {
        let mut connection = Connection::open(peer.server.port)
            .await
            .expect("it listens");
        let request = request.clone();
        tasks.spawn_local(async move {
            let mut times = Times::default();
            while Instant::now() < until {
                stream(&mut connection, &request, &mut times).await;
            }
            times
        });
    }
    sleep_until(from.into()).await;
    let cpu = peer.server.cpu_time();
    sleep_until(until.into()).await;
    let cpu = peer.server.cpu_time() - cpu;
    let mut all = Times::default();
    for times in tasks.join_all().await {
        all.first_byte.extend(times.first_byte);
        all.forwarded.extend(times.forwarded);
        all.text.extend(times.text);
        all.late += times.late;
    }
    all.first_byte.sort();
    all.forwarded.sort();
    all.text.sort();
    let events = LENGTH.as_secs_f64() * 1e6 / PAUSE_US as f64 * STREAMS as f64;
    (all, cpu * 1e6 / events)
}

async fn stream(connection: &mut Connection, request: &[u8], times: &mut Times) {
    let start = Instant::now();
    let mut first = None;
    let mut reader = Reader::default();
    let status = connection.exchange(request, |data| {
        first.get_or_insert_with(|| start.elapsed());
        reader.read(data, times);
    });
    assert!(
        status.await.is_ok_and(|status| status == 200) && reader.done,
        "a whole stream"
    );
    times.first_byte.extend(first);
}
