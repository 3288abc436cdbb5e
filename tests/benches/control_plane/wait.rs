//! Many who wait for one change.

use crate::etcd::Etcd;
use crate::kt::{Kt, content};
use crate::process::Server;
use crate::share;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What waiting came to.
struct Waited {
    kilobytes_each: f64,
    idle_processor: f64,
    p50: Duration,
    p99: Duration,
    processor: f64,
}

pub(crate) async fn wait(kt: &Kt, etcd: Option<&Etcd>, watchers: usize) {
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
    publisher.put("fleet", 0, content(1).as_bytes()).await;
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
