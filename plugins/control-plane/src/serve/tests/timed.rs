//! What takes minutes, in a time that passes at once when nothing else is to be done.

use std::sync::Arc;
use std::time::Duration;

use kt_control_api::{CreateTokenRequest, ReloadRequest, TokenScope};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::fixture::{TestApi, content};
use crate::metrics::Metrics;
use crate::serve::auth::Door;
use crate::serve::connection::Server;
use crate::serve::hub::Hub;
use crate::serve::limits::Limits;

/// Until everything that is going to happen has.
const AGES: Duration = Duration::from_hours(1);

struct Line {
    client: DuplexStream,
    served: JoinHandle<()>,
    hub: Hub,
    _drain: watch::Sender<bool>,
}

/// Asks for a stream on a line that holds so many bytes.
async fn follow(bench: &TestApi, room: usize, door: Door, headers: &str) -> Line {
    let hub = Hub::default();
    let server = Server::new(
        bench.api.clone(),
        hub.clone(),
        None,
        Limits::new(1000),
        Arc::new(Metrics::new(None)),
    );
    let (mut client, end) = tokio::io::duplex(room);
    let (drain, draining) = watch::channel(false);
    let served = tokio::spawn(server.serve(end, door, draining));
    let head = format!("GET /v1/gateways/edge/desired/stream HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    Line {
        client,
        served,
        hub,
        _drain: drain,
    }
}

fn me() -> Door {
    Door::Local(rustix::process::geteuid().as_raw())
}

impl Line {
    /// Reads until the text has come so many times.
    async fn until(&mut self, text: &str, times: usize) -> String {
        let mut read = String::new();
        while read.matches(text).count() < times {
            let mut some = [0; 4096];
            let count = timeout(AGES, self.client.read(&mut some)).await;
            let count = count.expect("it goes on").unwrap();
            assert_ne!(count, 0, "it ended: {read}");
            read.push_str(std::str::from_utf8(&some[..count]).unwrap());
        }
        read
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_shows_that_it_lives_and_ends_after_ten_minutes() {
    let bench = TestApi::new();
    let edge = bench.edge();
    let mut line = follow(&bench, 64 * 1024, me(), "").await;
    line.until("event: desired", 1).await;
    let start = Instant::now();
    // As when an instance reports: a change that is no news.
    line.hub.tell_of(&edge.id);
    let silent = line.until(": keep-alive", 2).await;
    assert!(!silent.contains("event:"), "{silent}");
    assert_eq!(start.elapsed().as_secs(), 50);
    // A close that keeps the connection: the end of the chunks, and no cut.
    line.until("0\r\n\r\n", 1).await;
    let minutes = start.elapsed().as_secs_f64() / 60.0;
    assert!((8.9..=11.1).contains(&minutes), "{minutes} minutes");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_expires_ends_the_stream_at_the_next_sign_of_life() {
    let bench = TestApi::new();
    bench.edge();
    let new = CreateTokenRequest {
        name: "short".to_owned(),
        scope: TokenScope::Read,
        gateway: None,
        expires_in_seconds: Some(60),
    };
    let made = bench.client().create_token(&new).unwrap();
    let header = format!("authorization: Bearer {}\r\n", made.token.unwrap().expose());
    let door = Door::Plain("127.0.0.1".parse().unwrap());
    let mut line = follow(&bench, 64 * 1024, door, &header).await;
    line.until(": keep-alive", 1).await;
    bench.advance(Duration::from_secs(61));
    let start = Instant::now();
    line.until("0\r\n\r\n", 1).await;
    assert!(start.elapsed() <= Duration::from_secs(26));
}

#[tokio::test(start_paused = true)]
async fn whoever_reads_late_gets_the_newest_state_and_little_else() {
    let bench = TestApi::new();
    let edge = bench.edge();
    let mut line = follow(&bench, 512, me(), "").await;
    const CHANGES: usize = 500;
    for change in 0..CHANGES {
        let reload: ReloadRequest = content(&format!("{change}"));
        bench.client().reload("edge", &reload, None).unwrap();
        line.hub.tell_of(&edge.id);
        // Everybody who can do something does it.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let newest = format!("\"index\":{}", CHANGES + 1);
    let read = line.until(&newest, 1).await;
    assert!(read.len() < 64 * 1024, "{} bytes were kept", read.len());
    assert!(read.matches("event: desired").count() < CHANGES / 2);
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_read_at_all_is_cut_off() {
    let bench = TestApi::new();
    let edge = bench.edge();
    let line = follow(&bench, 64, me(), "").await;
    let start = Instant::now();
    line.hub.tell_of(&edge.id);
    timeout(AGES, line.served).await.expect("it ends").unwrap();
    assert_eq!(start.elapsed().as_secs(), 30);
    let mut late = line.client;
    let mut read = String::new();
    drop(late.read_to_string(&mut read).await);
    assert!(read.len() <= 64);
}

#[tokio::test(start_paused = true)]
async fn whoever_hangs_up_leaves_nothing_behind() {
    let bench = TestApi::new();
    let edge = bench.edge();
    let mut line = follow(&bench, 64 * 1024, me(), "").await;
    line.until("event: desired", 1).await;
    assert_eq!(line.hub.waited_for(), [edge.id]);
    drop(line.client);
    timeout(AGES, line.served).await.expect("it ends").unwrap();
    // A look at the store that had begun is not cut short.
    let nobody = async {
        while !line.hub.waited_for().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(AGES, nobody).await.expect("nobody waits");
}
