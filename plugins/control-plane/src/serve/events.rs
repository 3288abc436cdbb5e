//! Streams of events.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame};
use kt_control_api::random_time;
use tokio::sync::watch;
use tokio::time::Instant;

use super::auth::{self, Credential};
use super::connection::{off_loop, until_draining};
use super::hub::Hub;
use crate::api::{Api, Feed, Step};
use crate::metrics::Counted;

/// After how long without an event a comment is sent, so that nobody in between takes the
/// connection for dead; 30 seconds are a usual limit of theirs.
const SILENCE: Duration = Duration::from_secs(25);
/// How long a stream lasts: this, and up to `SPREAD` more. Whoever comes back may then find
/// another server, and clients that came together do not come back together.
const LENGTH: Duration = Duration::from_mins(9);
const SPREAD: Duration = Duration::from_mins(2);
/// When to come back, at least and at most.
const BACK: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));

/// The body of an answer that goes on. Nothing is made before there is room for it, so for a slow
/// reader there is the newest state and none of those before.
pub(super) struct Events(Option<Pin<Box<dyn Future<Output = Next> + Send>>>);

/// What comes next, and what makes the rest.
type Next = Option<(Bytes, Source)>;

/// What makes the events.
struct Source {
    api: Api,
    feed: Feed,
    shown: Credential,
    news: watch::Receiver<std::time::Instant>,
    drain: watch::Receiver<bool>,
    /// When the stream ends.
    end: Instant,
    /// Whether to look at the gateway, and not only at the caller.
    stale: bool,
    state: State,
    _counted: Counted,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Greeting,
    Going,
    Over,
}

/// Begins a stream.
pub(super) fn stream(
    api: Api,
    hub: &Hub,
    feed: Feed,
    shown: Credential,
    drain: watch::Receiver<bool>,
    counted: Counted,
) -> Events {
    let source = Source {
        news: hub.listen(feed.gateway()),
        end: Instant::now() + LENGTH + random_time(SPREAD),
        stale: true,
        state: State::Greeting,
        api,
        feed,
        shown,
        drain,
        _counted: counted,
    };
    Events(Some(Box::pin(source.next())))
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(next) = self.0.as_mut() else {
            return Poll::Ready(None);
        };
        let next = ready!(next.as_mut().poll(cx));
        Poll::Ready(match next {
            Some((bytes, source)) => {
                self.0 = Some(Box::pin(source.next()));
                Some(Ok(Frame::data(bytes)))
            }
            None => {
                self.0 = None;
                None
            }
        })
    }
}

impl Source {
    async fn next(mut self) -> Next {
        match self.state {
            State::Greeting => {
                self.state = State::Going;
                let back = BACK.0 + random_time(BACK.1 - BACK.0);
                let hint = format!("retry: {}\n\n", back.as_millis());
                return Some((hint.into(), self));
            }
            State::Going => {}
            State::Over => return None,
        }
        let silence = Instant::now() + SILENCE;
        loop {
            // Whoever was let in may not be any more: the token was revoked, or has expired.
            let stale = std::mem::take(&mut self.stale);
            let step;
            (self, step) = self.look(stale).await?;
            match step {
                Step::Nothing if Instant::now() >= silence => {
                    return Some((Bytes::from_static(b": keep-alive\n\n"), self));
                }
                Step::Nothing => {}
                Step::Event(text) => return Some((text.into(), self)),
                Step::Last(text) => {
                    self.state = State::Over;
                    return Some((text.into(), self));
                }
                Step::End => return None,
            }
            tokio::select! {
                told = self.news.changed() => {
                    told.ok()?;
                    self.stale = true;
                }
                () = tokio::time::sleep_until(silence) => {}
                () = tokio::time::sleep_until(self.end) => return None,
                () = until_draining(&mut self.drain) => return None,
            }
        }
    }

    /// Looks at the caller, and at the gateway if it is `stale`. `None` when the caller is to be
    /// told nothing any more.
    ///
    /// A token ends with its gateway, and its holder, who may be the gateway, is told so.
    async fn look(self, stale: bool) -> Option<(Self, Step)> {
        let look = move || {
            let mut this = self;
            let known = auth::principal(&this.api, this.shown).is_ok();
            let step = if stale {
                this.api.next_event(&mut this.feed)
            } else {
                Step::Nothing
            };
            (known || matches!(step, Step::Last(_))).then_some((this, step))
        };
        off_loop(look).await.ok()?
    }
}
