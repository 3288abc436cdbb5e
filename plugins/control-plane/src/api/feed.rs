//! What is desired as it changes: the answers of polls, as events of a stream that goes on.
//!
//! The format is that of server-sent events (HTML standard, 9.2).

use kt_control_api::{
    DesiredQuery, DesiredResponse, GatewayId, Problem, ProblemCode, Request, Response,
};

use super::refusal::{Refusal, refuse};
use super::respond::{Handled, Outcome};
use super::service::Call;
use super::{Api, input, problem_response};
use crate::store::GatewayRef;

/// Somebody who follows a gateway, and what that one has been told.
#[derive(Debug)]
pub struct Feed {
    gateway: GatewayId,
    request_id: String,
    known: DesiredQuery,
}

/// What there is to tell.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing new.
    Nothing,
    /// An event, after which it goes on.
    Event(String),
    /// The event with which it ends.
    Last(String),
    /// It ends without an event: the store cannot be read, and whoever asks again is told why.
    End,
}

impl Feed {
    /// The gateway whose changes may be news.
    #[must_use]
    pub fn gateway(&self) -> &GatewayId {
        &self.gateway
    }

    /// Id of the request that began it.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }
}

impl Api {
    pub(super) fn follow(&self, call: &Call<'_>, key: &GatewayRef) -> Outcome {
        let (epoch, index) = position(call.request)?;
        let known = DesiredQuery {
            epoch,
            index,
            wait: 0,
            instance: input::query(call.request, "instance")?,
        };
        Ok(Handled::Following(Feed {
            gateway: self.visible(call, key)?,
            request_id: call.id.to_owned(),
            known,
        }))
    }

    /// Looks for news, of which there is at most one event: the newest state is all of it.
    #[must_use]
    pub fn next_event(&self, feed: &mut Feed) -> Step {
        match self.news_for(feed) {
            Ok(None) => Step::Nothing,
            Ok(Some(answer)) => {
                let id = format!("{}.{}", answer.epoch, answer.index);
                let event = event("desired", &id, &answer);
                feed.known.index = answer.index;
                feed.known.epoch = Some(answer.epoch);
                Step::Event(event)
            }
            Err(mut problem) if problem.code == ProblemCode::Gone => {
                problem.instance = Some(feed.request_id.clone());
                // Without an id: there is nothing to resume.
                Step::Last(format!("event: gone\ndata: {}\n\n", json(&*problem)))
            }
            Err(problem) => {
                tracing::warn!(request = feed.request_id, code = %problem.code, "a stream ends");
                Step::End
            }
        }
    }

    fn news_for(&self, feed: &Feed) -> Result<Option<DesiredResponse>, Refusal> {
        let snapshot = self.find(&GatewayRef::Id(feed.gateway.clone()))?;
        self.news(&feed.known, &snapshot)
    }
}

/// Answers whoever cannot be sent a stream: what carries requests between plugins and through the
/// socket for them carries whole answers, and a long poll says the same.
#[must_use]
pub fn needs_server() -> Response {
    let detail = "a stream is only sent over HTTP; ask page by page, or for `desired` and wait";
    problem_response(Problem::new(ProblemCode::NeedsServer, detail), "")
}

/// What the reader was told last. A program that connects again by itself sends the header with
/// the query it began with, so the header counts.
fn position(request: &Request) -> Result<(Option<String>, u64), Refusal> {
    let id = request.headers.get("last-event-id").map(String::as_str);
    let Some(id) = id.filter(|id| !id.is_empty()) else {
        let index = input::query(request, "index")?.unwrap_or(0);
        return Ok((request.query.get("epoch").cloned(), index));
    };
    id.rsplit_once('.')
        .and_then(|(epoch, index)| Some((Some(epoch.to_owned()), index.parse().ok()?)))
        .ok_or_else(|| {
            refuse(
                ProblemCode::MalformedRequest,
                "`Last-Event-ID` is no id of an event of this stream",
            )
        })
}

fn event(name: &str, id: &str, data: &DesiredResponse) -> String {
    format!("event: {name}\nid: {id}\ndata: {}\n\n", json(data))
}

/// On one line, as the format wants it.
fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("the wire types have only string keys")
}
