//! Streams of events.

use std::time::Duration;

use bytes::Bytes;
use kt_control_api::random_duration;
use tokio::sync::watch;
use tokio::time::Instant;

use super::auth::{self, Credential};
use super::connection::{off_loop, until_draining};
use super::flow::{Flow, Making, Source};
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

/// What makes the events.
struct Following {
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
pub(super) fn flow(
    api: Api,
    hub: &Hub,
    feed: Feed,
    shown: Credential,
    drain: watch::Receiver<bool>,
    counted: Counted,
) -> Flow {
    let following = Following {
        news: hub.listen(feed.gateway()),
        end: Instant::now() + LENGTH + random_duration(SPREAD),
        stale: true,
        state: State::Greeting,
        api,
        feed,
        shown,
        drain,
        _counted: counted,
    };
    Flow::of(following)
}

impl Source for Following {
    // Nothing is made before there is room for it, so for a slow reader there is the newest state
    // and none of those before.
    fn next(self: Box<Self>) -> Making {
        Box::pin(async move {
            let made = (*self).event().await;
            Ok(made.map(|(bytes, following)| (bytes, Box::new(following) as Box<dyn Source>)))
        })
    }
}

impl Following {
    async fn event(mut self) -> Option<(Bytes, Self)> {
        match self.state {
            State::Greeting => {
                self.state = State::Going;
                let back = BACK.0 + random_duration(BACK.1 - BACK.0);
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
