//! Making versions, from as many connections as [`WRITERS`].

use crate::etcd::Etcd;
use crate::kt::{Kt, content};
use crate::process::{Server, own_processor};
use crate::share;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

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

/// Somebody who keeps versions, and the revisions that each writer knows.
struct Keeper<'a> {
    kind: Kind<'a>,
    revisions: Vec<u64>,
    written: Vec<Written>,
}

enum Kind<'a> {
    /// On a file or on PostgreSQL.
    Kt(&'a Kt, &'static str),
    Etcd(&'a Etcd, Theirs),
}

/// Has all of them write in turn, and tells each by the side of the first.
pub(crate) async fn write(kt: &Kt, shared: Option<&Kt>, etcd: Option<&Etcd>) {
    let mut keepers = vec![Keeper::kt(kt, "on a file").await];
    if let Some(shared) = shared {
        keepers.push(Keeper::kt(shared, "on PostgreSQL").await);
    }
    for what in [Theirs::Version, Theirs::Unknown, Theirs::Put] {
        keepers.extend(etcd.map(|etcd| Keeper::new(Kind::Etcd(etcd, what), 0)));
    }
    for round in 1..=ROUNDS {
        for keeper in &mut keepers {
            let written = keeper.round(round).await;
            report(&format!("{}, round {round}", keeper.name()), &written);
            keeper.written.push(written);
        }
    }
    let [ours, others @ ..] = keepers.as_slice() else {
        return;
    };
    let (rate, processor) = ours.mean();
    println!("all rounds: {} {rate:.0} versions/s", ours.name());
    for other in others {
        let theirs = other.mean();
        println!(
            "all rounds: {} {:.0} versions/s; kt on a file has {:.2} of the rate, {:.2} of the processor time each",
            other.name(),
            theirs.0,
            rate / theirs.0,
            processor / theirs.1
        );
    }
    println!("memory after writing: kt {:.0} kB", kt.server.memory());
    if let Some(etcd) = etcd {
        println!("memory after writing: etcd {:.0} kB", etcd.server.memory());
    }
}

impl<'a> Keeper<'a> {
    fn new(kind: Kind<'a>, revision: u64) -> Self {
        Self {
            kind,
            revisions: vec![revision; WRITERS],
            written: Vec::new(),
        }
    }

    async fn kt(kt: &'a Kt, store: &'static str) -> Self {
        let mut setup = kt.connect().await;
        for writer in 0..WRITERS {
            setup.register(&format!("g{writer}")).await;
        }
        Self::new(Kind::Kt(kt, store), 1)
    }

    fn name(&self) -> String {
        match self.kind {
            Kind::Kt(_, store) => format!("kt {store}"),
            Kind::Etcd(_, what) => format!("etcd {what:?}"),
        }
    }

    async fn round(&mut self, round: usize) -> Written {
        match self.kind {
            Kind::Kt(kt, _) => write_kt(kt, round, &mut self.revisions).await,
            Kind::Etcd(etcd, what) => write_etcd(etcd, what, &mut self.revisions).await,
        }
    }

    /// Versions each second and processor time for each, over all rounds.
    #[expect(clippy::cast_precision_loss, reason = "there are three rounds")]
    fn mean(&self) -> (f64, f64) {
        let rates = self.written.iter().map(|written| written.per_second);
        let times = self.written.iter().map(|written| written.processor);
        let rounds = self.written.len() as f64;
        (rates.sum::<f64>() / rounds, times.sum::<f64>() / rounds)
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
                let value = content(times.len() as u64);
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
