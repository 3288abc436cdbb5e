//! The control plane beside etcd, on the same work and in the same run.
//!
//!     cargo bench -p kt-tests --bench control_plane
//!
//! Work: making a version of 4 KiB, if nobody else has, from as many connections as
//! `WRITERS`; and many who wait for one change. Rounds alternate between the two. A version is
//! what kt keeps of one, in etcd too: its content, which one is desired, a row of the trail. Who
//! does not know the revision has to read it from etcd before (`Unknown`), while kt numbers
//! versions itself. A bare put with a compare, which keeps none of that, is measured as well. Figures of a
//! shared machine say little; the ratios are what counts. `KT_BENCH_DIST` is the staged tree to
//! measure (`make build` makes one in `target/dist`). Without etcd, kt is measured alone.

#![expect(clippy::print_stdout, reason = "figures are what it is for")]

mod etcd;
mod kt;
mod process;
mod protobuf;

use etcd::Etcd;
use kt::Kt;
use process::{Server, own_processor};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::task::{JoinSet, LocalSet};

const WRITERS: usize = 64;
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(4);

/// What a round of writing came to.
struct Written {
    per_second: f64,
    p99: Duration,
    /// Processor time for each change, in microseconds: of the server, and of who asks.
    processor: f64,
    asking: f64,
}

/// What waiting came to.
struct Waited {
    kilobytes_each: f64,
    idle_processor: f64,
    p50: Duration,
    p99: Duration,
    processor: f64,
}

fn main() {
    let dist = std::env::var_os("KT_BENCH_DIST").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/dist")),
        PathBuf::from,
    );
    let watchers = std::env::var("KT_BENCH_WATCHERS");
    let watchers = watchers.ok().and_then(|n| n.parse().ok()).unwrap_or(2000);
    let homes = tempfile::tempdir().expect("a folder");
    let home = |name: &str| {
        let home = homes.path().join(name);
        std::fs::create_dir(&home).expect("a folder");
        home
    };
    let kt = Kt::start(&dist, &home("kt"));
    let etcd = Etcd::start(&home("etcd"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    LocalSet::new().block_on(&runtime, async {
        write(&kt, etcd.as_ref()).await;
        drop((kt, etcd));
        // Fresh ones: what was written must not be mistaken for what waiting takes.
        let kt = Kt::start(&dist, &home("kt-waits"));
        let etcd = Etcd::start(&home("etcd-waits"));
        wait(&kt, etcd.as_ref(), watchers).await;
    });
}

async fn write(kt: &Kt, etcd: Option<&Etcd>) {
    let mut setup = kt.connect().await;
    for writer in 0..WRITERS {
        setup.register(&format!("g{writer}")).await;
    }
    let mut revisions = (
        vec![1; WRITERS],
        [vec![0; WRITERS], vec![0; WRITERS], vec![0; WRITERS]],
    );
    for round in 1..=ROUNDS {
        let ours = write_kt(kt, round, &mut revisions.0).await;
        report(&format!("kt    round {round}"), &ours);
        let Some(etcd) = etcd else { continue };
        for (what, revisions) in [Theirs::Version, Theirs::Unknown, Theirs::Put]
            .into_iter()
            .zip(&mut revisions.1)
        {
            let theirs = write_etcd(etcd, what, revisions).await;
            report(&format!("etcd  round {round}, {what:?}"), &theirs);
            println!(
                "ratio round {round}: {:.2} of the rate, {:.2} of the processor time each",
                ours.per_second / theirs.per_second,
                ours.processor / theirs.processor
            );
        }
    }
    println!("memory after writing: kt {:.0} kB", kt.server.memory());
    if let Some(etcd) = etcd {
        println!("memory after writing: etcd {:.0} kB", etcd.server.memory());
    }
}

fn report(name: &str, written: &Written) {
    println!(
        "{name}: {:.0} versions/s, p99 {:.1} ms, {:.0} µs of the processor each, and {:.0} for asking",
        written.per_second,
        written.p99.as_secs_f64() * 1000.0,
        written.processor,
        written.asking
    );
}

async fn write_kt(kt: &Kt, round: usize, revisions: &mut [u64]) -> Written {
    let mut writers = JoinSet::new();
    let before = (kt.server.processor(), own_processor());
    let end = Instant::now() + ROUND;
    for (writer, revision) in revisions.iter().enumerate() {
        let (mut client, mut revision) = (kt.connect().await, *revision);
        writers.spawn_local(async move {
            let name = format!("g{writer}");
            let mut times = Vec::new();
            while Instant::now() < end {
                let number = (round * 1_000_000 + times.len() + 1) as u64;
                let begun = Instant::now();
                revision = client.publish(&name, revision, number).await;
                times.push(begun.elapsed());
            }
            (writer, revision, times)
        });
    }
    summed(&kt.server, before, writers, revisions).await
}

/// What etcd is asked to keep.
#[derive(Debug, Clone, Copy)]
enum Theirs {
    /// What kt keeps of a version.
    Version,
    /// The same, by somebody who does not know what is there.
    Unknown,
    /// One value.
    Put,
}

async fn write_etcd(etcd: &Etcd, what: Theirs, revisions: &mut [u64]) -> Written {
    let mut writers = JoinSet::new();
    let before = (etcd.server.processor(), own_processor());
    let end = Instant::now() + ROUND;
    for (writer, revision) in revisions.iter().enumerate() {
        let (mut client, mut revision) = (etcd.connect().await, *revision);
        writers.spawn_local(async move {
            let key = format!("{what:?}{writer}");
            let mut times = Vec::new();
            while Instant::now() < end {
                let value = kt::content(times.len() as u64);
                let begun = Instant::now();
                if let Theirs::Unknown = what {
                    revision = client.revision(&key).await;
                }
                revision = match what {
                    Theirs::Version | Theirs::Unknown => {
                        client.publish(&key, revision, value.as_bytes()).await
                    }
                    Theirs::Put => client.put(&key, revision, value.as_bytes()).await,
                };
                times.push(begun.elapsed());
            }
            (writer, revision, times)
        });
    }
    summed(&etcd.server, before, writers, revisions).await
}

async fn summed(
    server: &Server,
    before: (f64, f64),
    mut writers: JoinSet<(usize, u64, Vec<Duration>)>,
    revisions: &mut [u64],
) -> Written {
    let mut all = Vec::new();
    while let Some(done) = writers.join_next().await {
        let (writer, revision, times) = done.expect("it does not panic");
        revisions[writer] = revision;
        all.extend(times);
    }
    all.sort();
    let count = all.len() as f64;
    Written {
        per_second: count / ROUND.as_secs_f64(),
        p99: share(&all, 0.99),
        processor: (server.processor() - before.0) / count * 1e6,
        asking: (own_processor() - before.1) / count * 1e6,
    }
}

async fn wait(kt: &Kt, etcd: Option<&Etcd>, watchers: usize) {
    let ours = wait_kt(kt, watchers).await;
    tell("kt  ", watchers, &ours);
    let Some(etcd) = etcd else { return };
    let theirs = wait_etcd(etcd, watchers).await;
    tell("etcd", watchers, &theirs);
    println!(
        "ratio: {:.2} of the memory of each that waits, {:.2} of the time until 99 of 100 know",
        ours.kilobytes_each / theirs.kilobytes_each,
        ours.p99.as_secs_f64() / theirs.p99.as_secs_f64()
    );
}

fn tell(name: &str, watchers: usize, waited: &Waited) {
    println!(
        "{name}: {watchers} wait: {:.1} kB each, {:.3} s of the processor in 3 s; one change wakes all: p50 {:.0} ms, p99 {:.0} ms, {:.2} s of the processor",
        waited.kilobytes_each,
        waited.idle_processor,
        waited.p50.as_secs_f64() * 1000.0,
        waited.p99.as_secs_f64() * 1000.0,
        waited.processor
    );
}

async fn wait_kt(kt: &Kt, watchers: usize) -> Waited {
    kt.connect().await.register("fleet").await;
    let memory = kt.server.memory();
    let mut waiting = JoinSet::new();
    for _ in 0..watchers {
        let mut client = kt.connect().await;
        client.ask("fleet", 1).await;
        waiting.spawn_local(async move {
            client.parked().await;
            Instant::now()
        });
    }
    let (each, idle) = settled(&kt.server, memory, watchers).await;
    let (before, begun) = (kt.server.processor(), Instant::now());
    // Anew: a connection that idles while all the others are made is closed.
    kt.connect().await.publish("fleet", 1, 1).await;
    woken(&kt.server, waiting, begun, before, (each, idle)).await
}

async fn wait_etcd(etcd: &Etcd, watchers: usize) -> Waited {
    let mut publisher = etcd.connect().await;
    let memory = etcd.server.memory();
    let mut waiting = JoinSet::new();
    for _ in 0..watchers {
        let mut client = etcd.connect().await;
        let mut watch = client.watch("fleet").await;
        waiting.spawn_local(async move {
            watch.event().await;
            // Its connection ends with the client.
            drop(client);
            Instant::now()
        });
    }
    let (each, idle) = settled(&etcd.server, memory, watchers).await;
    let (before, begun) = (etcd.server.processor(), Instant::now());
    publisher.put("fleet", 0, kt::content(1).as_bytes()).await;
    woken(&etcd.server, waiting, begun, before, (each, idle)).await
}

/// Memory of each that waits, and what the server does while they do.
async fn settled(server: &Server, memory: f64, watchers: usize) -> (f64, f64) {
    tokio::time::sleep(Duration::from_secs(2)).await;
    let each = (server.memory() - memory) / watchers as f64;
    let before = server.processor();
    tokio::time::sleep(Duration::from_secs(3)).await;
    (each, server.processor() - before)
}

async fn woken(
    server: &Server,
    mut waiting: JoinSet<Instant>,
    begun: Instant,
    before: f64,
    (kilobytes_each, idle_processor): (f64, f64),
) -> Waited {
    let mut times = Vec::new();
    while let Some(done) = waiting.join_next().await {
        times.push(done.expect("it does not panic") - begun);
    }
    times.sort();
    Waited {
        kilobytes_each,
        idle_processor,
        p50: share(&times, 0.5),
        p99: share(&times, 0.99),
        processor: server.processor() - before,
    }
}

fn share(sorted: &[Duration], share: f64) -> Duration {
    let at = (sorted.len() as f64 * share) as usize;
    sorted
        .get(at.min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}
