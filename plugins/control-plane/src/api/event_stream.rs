//! The desired state of a gateway as server-sent events (HTML standard, 9.2).

use kt_control_api::{DesiredQuery, DesiredResponse, ProblemCode, Request};

use super::error::{ApiError, api_error};
use super::input;
use super::reply::{EventStream, HandlerResult, Reply};
use super::service::{Api, RequestContext};
use crate::store::GatewayRef;

/// The next part of a stream.
#[derive(Debug, PartialEq, Eq)]
pub enum NextEvent {
    /// Nothing has changed.
    Unchanged,
    /// An event, after which the stream continues.
    Event(String),
    /// The last event.
    Last(String),
    /// The stream ends without an event: the store cannot be read. A client that connects again
    /// gets the error.
    End,
}

impl Api {
    pub(super) fn stream_desired(
        &self,
        context: &RequestContext<'_>,
        key: &GatewayRef,
    ) -> HandlerResult {
        let (epoch, index) = start_position(context.request)?;
        let position = DesiredQuery {
            epoch,
            index,
            wait: 0,
            instance: input::query(context.request, "instance")?,
        };
        Ok(Reply::EventStream(EventStream {
            gateway: self.readable_gateway(context, key)?,
            request_id: context.request_id.to_owned(),
            position,
        }))
    }

    /// Returns the next event. There is never more than one: the newest state includes all changes
    /// before.
    #[must_use]
    pub fn next_event(&self, stream: &mut EventStream) -> NextEvent {
        match self.stream_change(stream) {
            Ok(None) => NextEvent::Unchanged,
            Ok(Some(desired)) => {
                let id = format!("{}.{}", desired.epoch, desired.index);
                let event = format!("event: desired\nid: {id}\ndata: {}\n\n", json(&desired));
                stream.position.index = desired.index;
                stream.position.epoch = Some(desired.epoch);
                NextEvent::Event(event)
            }
            Err(mut problem) if problem.code == ProblemCode::Gone => {
                problem.instance = Some(stream.request_id.clone());
                // Without an id: there is nothing to resume.
                NextEvent::Last(format!("event: gone\ndata: {}\n\n", json(&*problem)))
            }
            Err(problem) => {
                tracing::warn!(request_id = stream.request_id, code = %problem.code, "event stream ended by an error");
                NextEvent::End
            }
        }
    }

    fn stream_change(&self, stream: &EventStream) -> Result<Option<DesiredResponse>, ApiError> {
        let state = self.desired_state(&GatewayRef::Id(stream.gateway.clone()))?;
        self.desired_since(&stream.position, state)
    }
}

/// Returns the position from which to send events. A client that reconnects repeats the query with
/// which it started, so `Last-Event-ID` has precedence.
fn start_position(request: &Request) -> Result<(Option<String>, u64), ApiError> {
    let id = request.headers.get("last-event-id").map(String::as_str);
    let Some(id) = id.filter(|id| !id.is_empty()) else {
        let index = input::query(request, "index")?.unwrap_or(0);
        return Ok((request.query.get("epoch").cloned(), index));
    };
    id.rsplit_once('.')
        .and_then(|(epoch, index)| Some((Some(epoch.to_owned()), index.parse().ok()?)))
        .ok_or_else(|| {
            api_error(
                ProblemCode::MalformedRequest,
                "`Last-Event-ID` is not the id of an event of this stream",
            )
        })
}

/// Serializes to one line, as the format requires.
fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("the wire types have only string keys")
}
