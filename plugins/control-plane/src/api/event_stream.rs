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
        let mut position = start_position(context.request)?;
        position.instance = input::query(context.request, "instance")?;
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
                let id = event_id(&desired);
                let event = format!("event: desired\nid: {id}\ndata: {}\n\n", json(&desired));
                stream.position.index = desired.index;
                stream.position.halt_generation = desired.halt_generation;
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

/// Returns the id of an event: the epoch and the index and, once the gateway was halted, the number
/// of the halt between them.
fn event_id(desired: &DesiredResponse) -> String {
    let (epoch, index) = (&desired.epoch, desired.index);
    match desired.halt_generation {
        None | Some(0) => format!("{epoch}.{index}"),
        Some(halt) => format!("{epoch}.{halt}.{index}"),
    }
}

/// Returns the position from which to send events. A client that reconnects repeats the query with
/// which it started, so `Last-Event-ID` has precedence.
fn start_position(request: &Request) -> Result<DesiredQuery, ApiError> {
    let id = request.headers.get("last-event-id").map(String::as_str);
    let Some(id) = id.filter(|id| !id.is_empty()) else {
        return Ok(DesiredQuery {
            epoch: request.query.get("epoch").cloned(),
            index: input::query(request, "index")?.unwrap_or(0),
            halt_generation: Some(input::query(request, "halt_generation")?.unwrap_or(0)),
            ..DesiredQuery::default()
        });
    };
    parse_event_id(id).ok_or_else(|| {
        api_error(
            ProblemCode::MalformedRequest,
            "`Last-Event-ID` is not the id of an event of this stream",
        )
    })
}

fn parse_event_id(id: &str) -> Option<DesiredQuery> {
    let (epoch, index) = id.rsplit_once('.')?;
    let (epoch, halt) = match epoch.rsplit_once('.') {
        Some((epoch, halt)) => (epoch, halt.parse().ok()?),
        None => (epoch, 0),
    };
    Some(DesiredQuery {
        epoch: Some(epoch.to_owned()),
        index: index.parse().ok()?,
        halt_generation: Some(halt),
        ..DesiredQuery::default()
    })
}

/// Serializes to one line, as the format requires.
fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("the wire types have only string keys")
}

#[cfg(test)]
mod tests {
    use super::parse_event_id;

    #[test]
    fn the_id_of_an_event_has_the_number_of_the_halt_once_there_was_one() {
        let position = |id: &str| {
            let query = parse_event_id(id)?;
            Some((query.epoch?, query.halt_generation?, query.index))
        };
        let epoch = "abcd".to_owned();
        assert_eq!(position("abcd.7"), Some((epoch.clone(), 0, 7)));
        assert_eq!(position("abcd.2.7"), Some((epoch, 2, 7)));
        for id in ["", "abcd", "abcd.", "abcd.x", "abcd.x.7", ".."] {
            assert_eq!(position(id), None, "{id}");
        }
    }
}
