//! Publishing versions over [`WRITERS`] connections.

use crate::etcd::Etcd;
use crate::kt::{Kt, content};
use kt_tests::bench::quantile;
use kt_tests::bench::{Server, own_cpu_time};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const WRITERS: usize = 64;
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(4);

/// The results of a round.
struct WriteResult {
    per_second: f64,
    p99: Duration,
    /// CPU time of the server and of the client per version, in microseconds.
    server_cpu_time: f64,
    client_cpu_time: f64,
}

/// A server under test, and the revisions that its writers know.
struct Contender<'a> {
    backend: Backend<'a>,
    revisions: Vec<u64>,
    results: Vec<WriteResult>,
}

enum Backend<'a> {
    /// With a file or with PostgreSQL.
    Kt(&'a Kt, &'static str),
    Etcd(&'a Etcd, EtcdWorkload),
}

/// Runs all contenders in turn, and compares each with the first one.
pub(crate) async fn write(kt: &Kt, shared: Option<&Kt>, etcd: Option<&Etcd>) {
    let mut contenders = vec![Contender::kt(kt, "on a file").await];
    if let Some(shared) = shared {
        contenders.push(Contender::kt(shared, "on PostgreSQL").await);
    }
    for workload in [
        EtcdWorkload::Publish,
        EtcdWorkload::ReadThenPublish,
        EtcdWorkload::Put,
    ] {
        contenders.extend(etcd.map(|etcd| Contender::new(Backend::Etcd(etcd, workload), 0)));
    }
    for round in 1..=ROUNDS {
        for contender in &mut contenders {
            let result = contender.round(round).await;
            report(&format!("{}, round {round}", contender.name()), &result);
            contender.results.push(result);
        }
    }
    let [first, others @ ..] = contenders.as_slice() else {
        return;
    };
    let (rate, cpu_time) = first.mean();
    println!("all rounds: {} {rate:.0} versions/s", first.name());
    for other in others {
        let mean = other.mean();
        println!(
            "all rounds: {} {:.0} versions/s; kt on a file: {:.2} of the rate, {:.2} of the CPU time per version",
            other.name(),
            mean.0,
            rate / mean.0,
            cpu_time / mean.1
        );
    }
    println!("memory after writing: kt {:.0} kB", kt.server.memory());
    if let Some(etcd) = etcd {
        println!("memory after writing: etcd {:.0} kB", etcd.server.memory());
    }
}

impl<'a> Contender<'a> {
    fn new(backend: Backend<'a>, revision: u64) -> Self {
        Self {
            backend,
            revisions: vec![revision; WRITERS],
            results: Vec::new(),
        }
    }

    async fn kt(kt: &'a Kt, store: &'static str) -> Self {
        let mut setup = kt.connect().await;
        for writer in 0..WRITERS {
            setup.register(&format!("g{writer}")).await;
        }
        Self::new(Backend::Kt(kt, store), 1)
    }

    fn name(&self) -> String {
        match self.backend {
            Backend::Kt(_, store) => format!("kt {store}"),
            Backend::Etcd(_, workload) => format!("etcd {workload:?}"),
        }
    }

    async fn round(&mut self, round: usize) -> WriteResult {
        match self.backend {
            Backend::Kt(kt, _) => write_kt(kt, round, &mut self.revisions).await,
            Backend::Etcd(etcd, workload) => write_etcd(etcd, workload, &mut self.revisions).await,
        }
    }

    /// Returns the mean of versions per second and of CPU time per version.
    #[expect(clippy::cast_precision_loss, reason = "there are three rounds")]
    fn mean(&self) -> (f64, f64) {
        let rates = self.results.iter().map(|result| result.per_second);
        let times = self.results.iter().map(|result| result.server_cpu_time);
        let rounds = self.results.len() as f64;
        (rates.sum::<f64>() / rounds, times.sum::<f64>() / rounds)
    }
}

fn report(name: &str, result: &WriteResult) {
    println!(
        "{name}: {:.0} versions/s, p99 {:.1} ms, CPU time per version {:.0} µs, of the client {:.0} µs",
        result.per_second,
        result.p99.as_secs_f64() * 1000.0,
        result.server_cpu_time,
        result.client_cpu_time
    );
}

async fn write_kt(kt: &Kt, round: usize, revisions: &mut [u64]) -> WriteResult {
    let mut writers = JoinSet::new();
    let before = (kt.server.cpu_time(), own_cpu_time());
    let end = Instant::now() + ROUND;
    for (writer, revision) in revisions.iter().enumerate() {
        let (mut client, mut revision) = (kt.connect().await, *revision);
        writers.spawn_local(async move {
            let name = format!("g{writer}");
            let mut times = Vec::new();
            while Instant::now() < end {
                let number = (round * 1_000_000 + times.len() + 1) as u64;
                let start = Instant::now();
                revision = client.publish(&name, revision, number).await;
                times.push(start.elapsed());
            }
            (writer, revision, times)
        });
    }
    summarize(&kt.server, before, writers, revisions).await
}

/// A workload of etcd.
#[derive(Debug, Clone, Copy)]
enum EtcdWorkload {
    /// Stores what kt stores for a version.
    Publish,
    /// The same, after reading the revision.
    ReadThenPublish,
    /// Stores one value.
    Put,
}

async fn write_etcd(etcd: &Etcd, workload: EtcdWorkload, revisions: &mut [u64]) -> WriteResult {
    let mut writers = JoinSet::new();
    let before = (etcd.server.cpu_time(), own_cpu_time());
    let end = Instant::now() + ROUND;
    for (writer, revision) in revisions.iter().enumerate() {
        let (mut client, mut revision) = (etcd.connect().await, *revision);
        writers.spawn_local(async move {
            let key = format!("{workload:?}{writer}");
            let mut times = Vec::new();
            while Instant::now() < end {
                let value = content(times.len() as u64);
                let start = Instant::now();
                if let EtcdWorkload::ReadThenPublish = workload {
                    revision = client.revision(&key).await;
                }
                revision = match workload {
                    EtcdWorkload::Publish | EtcdWorkload::ReadThenPublish => {
                        client.publish(&key, revision, value.as_bytes()).await
                    }
                    EtcdWorkload::Put => client.put(&key, revision, value.as_bytes()).await,
                };
                times.push(start.elapsed());
            }
            (writer, revision, times)
        });
    }
    summarize(&etcd.server, before, writers, revisions).await
}

async fn summarize(
    server: &Server,
    before: (f64, f64),
    mut writers: JoinSet<(usize, u64, Vec<Duration>)>,
    revisions: &mut [u64],
) -> WriteResult {
    let mut all = Vec::new();
    while let Some(done) = writers.join_next().await {
        let (writer, revision, times) = done.expect("it does not panic");
        revisions[writer] = revision;
        all.extend(times);
    }
    all.sort();
    let count = all.len() as f64;
    WriteResult {
        per_second: count / ROUND.as_secs_f64(),
        p99: quantile(&all, 0.99),
        server_cpu_time: (server.cpu_time() - before.0) / count * 1e6,
        client_cpu_time: (own_cpu_time() - before.1) / count * 1e6,
    }
}
