//! Many clients that wait for one change.

use crate::etcd::Etcd;
use crate::kt::{Kt, content};
use kt_tests::bench::Server;
use kt_tests::bench::quantile;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// The results of a run.
struct WaitResult {
    kib_per_client: f64,
    idle_cpu_time: f64,
    p50: Duration,
    p99: Duration,
    cpu_time: f64,
}

pub(crate) async fn wait(kt: &Kt, etcd: Option<&Etcd>, watchers: usize) {
    let kt_result = wait_kt(kt, watchers).await;
    report("kt  ", watchers, &kt_result);
    let Some(etcd) = etcd else { return };
    let etcd_result = wait_etcd(etcd, watchers).await;
    report("etcd", watchers, &etcd_result);
    println!(
        "ratio: {:.2} of the memory per client, {:.2} of the p99 latency",
        kt_result.kib_per_client / etcd_result.kib_per_client,
        kt_result.p99.as_secs_f64() / etcd_result.p99.as_secs_f64()
    );
}

fn report(name: &str, watchers: usize, result: &WaitResult) {
    println!(
        "{name}: {watchers} clients: {:.1} KiB each, {:.3} s CPU time in 3 s; one change: p50 {:.0} ms, p99 {:.0} ms, {:.2} s CPU time",
        result.kib_per_client,
        result.idle_cpu_time,
        result.p50.as_secs_f64() * 1000.0,
        result.p99.as_secs_f64() * 1000.0,
        result.cpu_time
    );
}

async fn wait_kt(kt: &Kt, watchers: usize) -> WaitResult {
    kt.connect().await.register("fleet").await;
    let memory = kt.server.memory();
    let mut waiting = JoinSet::new();
    for _ in 0..watchers {
        let mut client = kt.connect().await;
        client.send_poll("fleet", 1).await;
        waiting.spawn_local(async move {
            client.poll_response().await;
            Instant::now()
        });
    }
    let (per_client, idle) = measure_idle(&kt.server, memory, watchers).await;
    let (before, start) = (kt.server.cpu_time(), Instant::now());
    // A new connection: one that is idle while the others are opened would be closed.
    kt.connect().await.publish("fleet", 1, 1).await;
    measure_wake(&kt.server, waiting, start, before, (per_client, idle)).await
}

async fn wait_etcd(etcd: &Etcd, watchers: usize) -> WaitResult {
    let mut publisher = etcd.connect().await;
    let memory = etcd.server.memory();
    let mut waiting = JoinSet::new();
    for _ in 0..watchers {
        let mut client = etcd.connect().await;
        let mut watch = client.watch("fleet").await;
        waiting.spawn_local(async move {
            watch.event().await;
            // Dropping the client closes the connection.
            drop(client);
            Instant::now()
        });
    }
    let (per_client, idle) = measure_idle(&etcd.server, memory, watchers).await;
    let (before, start) = (etcd.server.cpu_time(), Instant::now());
    publisher.put("fleet", 0, content(1).as_bytes()).await;
    measure_wake(&etcd.server, waiting, start, before, (per_client, idle)).await
}

/// Measures the memory per client, and the CPU time of the server while the clients wait.
async fn measure_idle(server: &Server, memory: f64, watchers: usize) -> (f64, f64) {
    tokio::time::sleep(Duration::from_secs(2)).await;
    let per_client = (server.memory() - memory) / watchers as f64;
    let before = server.cpu_time();
    tokio::time::sleep(Duration::from_secs(3)).await;
    (per_client, server.cpu_time() - before)
}

async fn measure_wake(
    server: &Server,
    mut waiting: JoinSet<Instant>,
    start: Instant,
    before: f64,
    (kib_per_client, idle_cpu_time): (f64, f64),
) -> WaitResult {
    let mut times = Vec::new();
    while let Some(done) = waiting.join_next().await {
        times.push(done.expect("it does not panic") - start);
    }
    times.sort();
    WaitResult {
        kib_per_client,
        idle_cpu_time,
        p50: quantile(&times, 0.5),
        p99: quantile(&times, 0.99),
        cpu_time: server.cpu_time() - before,
    }
}
