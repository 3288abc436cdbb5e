//! Behavior over minutes, with a clock that advances when all tasks are idle.

use std::sync::Arc;
use std::time::Duration;

use kt_control_api::{CreateTokenRequest, ReloadRequest, TokenScope};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::api::WakeTarget;
use crate::fixture::{TestApi, content};
use crate::metrics::Metrics;
use crate::serve::connection::Server;
use crate::serve::limits::RateLimits;
use crate::serve::notifier::Notifier;
use crate::serve::peer::PeerOrigin;

/// Longer than anything here takes.
const TIMEOUT: Duration = Duration::from_hours(1);

struct StreamClient {
    client: DuplexStream,
    served: JoinHandle<()>,
    notifier: Notifier,
    _drain: watch::Sender<bool>,
}

/// Opens a stream over a connection with a buffer of `capacity` bytes.
async fn open_stream(
    test_api: &TestApi,
    capacity: usize,
    origin: PeerOrigin,
    headers: &str,
) -> StreamClient {
    let notifier = Notifier::default();
    let server = Server::new(
        test_api.api.clone(),
        notifier.clone(),
        None,
        RateLimits::new(1000),
        Arc::new(Metrics::new(None)),
    );
    let (mut client, end) = tokio::io::duplex(capacity);
    let (drain, draining) = watch::channel(false);
    let served = tokio::spawn(server.serve(end, origin, draining));
    let head = format!("GET /v1/gateways/edge/desired/stream HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    StreamClient {
        client,
        served,
        notifier,
        _drain: drain,
    }
}

fn local_user() -> PeerOrigin {
    PeerOrigin::Unix(rustix::process::geteuid().as_raw())
}

impl StreamClient {
    /// Reads until the text has occurred `times` times.
    async fn until(&mut self, text: &str, times: usize) -> String {
        let mut read = String::new();
        while read.matches(text).count() < times {
            let mut some = [0; 4096];
            let count = timeout(TIMEOUT, self.client.read(&mut some)).await;
            let count = count.expect("timed out").unwrap();
            assert_ne!(count, 0, "closed after {read}");
            read.push_str(std::str::from_utf8(&some[..count]).unwrap());
        }
        read
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_stream_sends_keep_alives_and_ends_after_ten_minutes() {
    let test_api = TestApi::new();
    let edge = test_api.edge();
    let mut stream = open_stream(&test_api, 64 * 1024, local_user(), "").await;
    stream.until("event: desired", 1).await;
    let start = Instant::now();
    // For example a status report: a change that is not sent.
    stream
        .notifier
        .notify(&WakeTarget::Gateway(edge.id.clone()));
    let idle = stream.until(": keep-alive", 2).await;
    assert!(!idle.contains("event:"), "{idle}");
    assert_eq!(start.elapsed().as_secs(), 50);
    // A regular end: the last chunk, on an open connection.
    stream.until("0\r\n\r\n", 1).await;
    let minutes = start.elapsed().as_secs_f64() / 60.0;
    assert!((8.9..=11.1).contains(&minutes), "{minutes} minutes");
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_ends_the_stream_at_the_next_keep_alive() {
    let test_api = TestApi::new();
    test_api.edge();
    let new = CreateTokenRequest {
        name: "short".to_owned(),
        scope: TokenScope::Read,
        gateway: None,
        expires_in_seconds: Some(60),
    };
    let created = test_api.client().create_token(&new).unwrap();
    let header = format!(
        "authorization: Bearer {}\r\n",
        created.token.unwrap().expose()
    );
    let origin = PeerOrigin::Tcp("127.0.0.1".parse().unwrap());
    let mut stream = open_stream(&test_api, 64 * 1024, origin, &header).await;
    stream.until(": keep-alive", 1).await;
    test_api.advance(Duration::from_secs(61));
    let start = Instant::now();
    stream.until("0\r\n\r\n", 1).await;
    assert!(start.elapsed() <= Duration::from_secs(26));
}

#[tokio::test(start_paused = true)]
async fn a_slow_client_gets_the_newest_state_and_skips_older_ones() {
    let test_api = TestApi::new();
    let edge = test_api.edge();
    let mut stream = open_stream(&test_api, 512, local_user(), "").await;
    const CHANGES: usize = 500;
    for change in 0..CHANGES {
        let reload: ReloadRequest = content(&format!("{change}"));
        test_api.client().reload("edge", &reload, None).unwrap();
        stream
            .notifier
            .notify(&WakeTarget::Gateway(edge.id.clone()));
        // Lets all tasks run.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let newest = format!("\"index\":{}", CHANGES + 1);
    let read = stream.until(&newest, 1).await;
    assert!(read.len() < 64 * 1024, "{} bytes were buffered", read.len());
    assert!(read.matches("event: desired").count() < CHANGES / 2);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_disconnected() {
    let test_api = TestApi::new();
    let edge = test_api.edge();
    let stream = open_stream(&test_api, 64, local_user(), "").await;
    let start = Instant::now();
    stream
        .notifier
        .notify(&WakeTarget::Gateway(edge.id.clone()));
    timeout(TIMEOUT, stream.served)
        .await
        .expect("timed out")
        .unwrap();
    assert_eq!(start.elapsed().as_secs(), 30);
    let mut late = stream.client;
    let mut read = String::new();
    drop(late.read_to_string(&mut read).await);
    assert!(read.len() <= 64);
}

#[tokio::test(start_paused = true)]
async fn a_closed_connection_frees_its_resources() {
    let test_api = TestApi::new();
    let edge = test_api.edge();
    let mut stream = open_stream(&test_api, 64 * 1024, local_user(), "").await;
    stream.until("event: desired", 1).await;
    assert_eq!(stream.notifier.watched_gateways(), [edge.id]);
    drop(stream.client);
    timeout(TIMEOUT, stream.served)
        .await
        .expect("timed out")
        .unwrap();
    // A check of the store that has started is completed.
    let unsubscribed = async {
        while !stream.notifier.watched_gateways().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(TIMEOUT, unsubscribed).await.expect("timed out");
}
