//! Streams of server-sent events.

use std::time::Duration;

use bytes::Bytes;
use kt_control_api::{TokenId, random_duration};
use tokio::sync::watch;
use tokio::time::Instant;

use super::auth::{self, Credential};
use super::blocking::run_blocking;
use super::drain::drain_started;
use super::notifier::{Notifier, Subscription, Topic};
use super::streaming_body::{ChunkFuture, ChunkSource, StreamingBody};
use crate::api::{Api, EventStream, NextEvent};
use crate::metrics::GaugeGuard;

/// After how long without an event a comment is sent. Proxies usually close connections that are
/// idle for 30 seconds.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(25);
/// How long a stream lasts, with a random part. Reconnecting spreads clients over servers, and the
/// random part spreads the reconnects of clients that connected together.
const MIN_LIFETIME: Duration = Duration::from_mins(9);
const LIFETIME_JITTER: Duration = Duration::from_mins(2);
/// The range of the delay before clients reconnect.
const RECONNECT_DELAY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));

/// Produces the events.
struct EventSource {
    api: Api,
    stream: EventStream,
    credential: Credential,
    changes: Subscription,
    drain: watch::Receiver<bool>,
    /// When the stream ends.
    end: Instant,
    /// Whether the gateway may have changed since it was last read.
    changed: bool,
    state: StreamState,
    _guard: GaugeGuard,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum StreamState {
    Start,
    Streaming,
    Closed,
}

/// Starts a stream.
pub(super) fn body(
    api: Api,
    notifier: &Notifier,
    stream: EventStream,
    (credential, token): (Credential, Option<TokenId>),
    drain: watch::Receiver<bool>,
    guard: GaugeGuard,
) -> StreamingBody {
    let mut topics = vec![Topic::Gateway(stream.gateway().clone())];
    topics.extend(token.map(Topic::Token));
    StreamingBody::new(EventSource {
        changes: notifier.subscribe(topics),
        end: Instant::now() + MIN_LIFETIME + random_duration(LIFETIME_JITTER),
        changed: true,
        state: StreamState::Start,
        api,
        stream,
        credential,
        drain,
        _guard: guard,
    })
}

impl ChunkSource for EventSource {
    // An event is produced only when there is room for it, so a slow client gets the newest state
    // and skips those before.
    fn next(self: Box<Self>) -> ChunkFuture {
        Box::pin(async move {
            let chunk = (*self).next_chunk().await;
            Ok(chunk.map(|(bytes, source)| (bytes, Box::new(source) as Box<dyn ChunkSource>)))
        })
    }
}

impl EventSource {
    async fn next_chunk(mut self) -> Option<(Bytes, Self)> {
        match self.state {
            StreamState::Start => {
                self.state = StreamState::Streaming;
                let (min, max) = RECONNECT_DELAY;
                let delay = min + random_duration(max - min);
                let line = format!("retry: {}\n\n", delay.as_millis());
                return Some((line.into(), self));
            }
            StreamState::Streaming => {}
            StreamState::Closed => return None,
        }
        let keep_alive = Instant::now() + KEEP_ALIVE_INTERVAL;
        loop {
            let changed = std::mem::take(&mut self.changed);
            let event;
            (self, event) = self.check(changed).await?;
            match event {
                NextEvent::Unchanged if Instant::now() >= keep_alive => {
                    return Some((Bytes::from_static(b": keep-alive\n\n"), self));
                }
                NextEvent::Unchanged => {}
                NextEvent::Event(text) => return Some((text.into(), self)),
                NextEvent::Last(text) => {
                    self.state = StreamState::Closed;
                    return Some((text.into(), self));
                }
                NextEvent::End => return None,
            }
            tokio::select! {
                _ = self.changes.notified() => self.changed = true,
                () = tokio::time::sleep_until(keep_alive) => {}
                () = tokio::time::sleep_until(self.end) => return None,
                () = drain_started(&mut self.drain) => return None,
            }
        }
    }

    /// Checks the credential, whose token may have been revoked or expired, and reads the gateway
    /// if it has `changed`. `None` when the credential is not valid any more.
    ///
    /// The token of a gateway is deleted together with the gateway, and its holder still gets the
    /// last event.
    async fn check(self, changed: bool) -> Option<(Self, NextEvent)> {
        let check = move || {
            let mut source = self;
            let authenticated = auth::authenticate(&source.api, source.credential).is_ok();
            let event = if changed {
                source.api.next_event(&mut source.stream)
            } else {
                NextEvent::Unchanged
            };
            (authenticated || matches!(event, NextEvent::Last(_))).then_some((source, event))
        };
        run_blocking(check).await.ok()?
    }
}
