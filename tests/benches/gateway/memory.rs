//! Memory per open stream.

use crate::config;
use crate::http::{Connection, post};
use crate::peer::{Peer, Peers};
use crate::table::{Samples, Table};
use std::time::Duration;
use tokio::task::JoinSet;

/// Open streams at a time; each is two connections of a server, below the usual limit of 1,024.
const STREAMS: usize = 400;
/// Events of a stream, one a second.
const EVENTS: usize = 3;

pub(crate) async fn measure(peers: &Peers, table: &mut Table) {
    let samples = || vec![Samples::default(); peers.list.len()];
    let (mut idle, mut per_stream) = (samples(), samples());
    for (index, peer) in peers.list.iter().enumerate() {
        idle[index].push(peer.server.memory() / 1024.0);
        per_stream[index].push(window(peer).await);
    }
    table.ratios("memory after the load above", "MiB", &idle);
    table.ratios(
        &format!("{STREAMS} open streams: memory for each"),
        "KiB",
        &per_stream,
    );
}

async fn window(peer: &Peer) -> f64 {
    let request = post(&config::stream_body(
        &config::prose(850),
        EVENTS,
        1_000_000,
        1,
    ));
    let before = peer.server.memory();
    let mut tasks = JoinSet::new();
    for _ in 0..STREAMS {
        let request = request.clone();
        let mut connection = Connection::open(peer.server.port)
            .await
            .expect("it listens");
        tasks.spawn_local(async move { connection.exchange(&request, |_| {}).await });
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let open = peer.server.memory();
    for status in tasks.join_all().await {
        assert!(status.is_ok_and(|status| status == 200), "a whole stream");
    }
    (open - before) / STREAMS as f64
}
