//! A streamed answer, judged as it arrives.
//!
//! A text is held back only as far as it could still become a match. A stream
//! never ends cleanly unless it finished: a block, or an upstream that broke
//! off, is an error event.

use super::error_response::ErrorResponse;
use super::request_context::RequestContext;
use super::sse::SseParser;
use crate::state::InFlightGuard;
use crate::upstream::UpstreamBody;
use bytes::Bytes;
use kt_policy::Block;
use kt_policy::chat::{
    PathSegment, ResponseFilters, build_nested, is_generated_text, replace_text, strip_logprobs,
    text_values,
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::spawn_local;
use tokio::time::{Instant, timeout_at};

/// Events that may wait for a slow client before the upstream is no longer read.
const BUFFERED: usize = 16;
const DONE: &str = "[DONE]";

/// How a stream ended.
enum End {
    /// With `[DONE]`.
    Finished,
    /// The client went away; nobody can be told anything.
    Gone,
    /// With an error that the client is told.
    Failed(ErrorResponse),
}

struct Pump {
    request_context: RequestContext,
    filters: Option<ResponseFilters>,
    out: Sender<Bytes>,
    /// The last chunk without its choices: what synthetic chunks are made of.
    envelope: Value,
    /// How long the client may leave an event unread, and until when at all.
    unread: Duration,
    until: Option<Instant>,
}

/// Starts the task that fills the body.
pub(crate) fn start(
    body: UpstreamBody,
    request_context: RequestContext,
    admitted: InFlightGuard,
) -> Receiver<Bytes> {
    let (out, receiver) = channel(BUFFERED);
    let filters = ResponseFilters::new(&request_context.snapshot.chain);
    let (unread, until) = body.limits();
    let pump = Pump {
        request_context,
        filters,
        out,
        envelope: json!({}),
        unread,
        until,
    };
    spawn_local(async move {
        pump.run(body).await;
        drop(admitted);
    });
    receiver
}

impl Pump {
    async fn run(mut self, mut body: UpstreamBody) {
        let end = self.pass(&mut body).await;
        let (status, block) = match &end {
            End::Finished => (200, None),
            // nginx's code for a client that closed the request.
            End::Gone => (499, None),
            End::Failed(refusal) => (
                refusal.status.as_u16(),
                refusal.body.pointer("/error/policy"),
            ),
        };
        if let (Some(filters), None) = (&self.filters, block) {
            self.request_context
                .judged(&filters.evaluation(None), "output");
        }
        if let End::Failed(refusal) = &end {
            // The client may be gone by now, which changes nothing.
            drop(self.out.send(Bytes::from(refusal.event())).await);
        }
        self.request_context.end(status);
    }

    async fn pass(&mut self, body: &mut UpstreamBody) -> End {
        let mut frames = SseParser::default();
        loop {
            let bytes = tokio::select! {
                () = self.out.closed() => return End::Gone,
                next = body.next() => match next {
                    Ok(Some(bytes)) => bytes,
                    Ok(None) => return End::Failed(ErrorResponse::upstream("the upstream ended without finishing", false)),
                    Err(why) => return End::Failed(ErrorResponse::upstream(why, false)),
                },
            };
            let events = match frames.push(&bytes) {
                Ok(events) => events,
                Err(why) => return End::Failed(ErrorResponse::upstream(why, false)),
            };
            for event in events {
                match self.event(&event).await {
                    Ok(true) => return End::Finished,
                    Ok(false) => {}
                    Err(end) => return end,
                }
            }
        }
    }

    /// Passes one event on; true when it was the last.
    async fn event(&mut self, event: &str) -> Result<bool, End> {
        if event == DONE {
            // A stream without a finish reason may still hold text.
            for chunk in self.held("")? {
                self.send(&chunk).await?;
            }
            self.raw(DONE).await?;
            return Ok(true);
        }
        let Ok(mut chunk) = serde_json::from_str::<Value>(event) else {
            return match self.filters {
                Some(_) => Err(End::Failed(ErrorResponse::upstream(
                    "an event of the upstream is not JSON",
                    false,
                ))),
                None => self.raw(event).await.map(|()| false),
            };
        };
        self.count(&chunk);
        if self.filters.is_none() {
            return self.raw(event).await.map(|()| false);
        }
        self.envelope = without_choices(&chunk);
        let changed = self.filter(&mut chunk)?;
        for index in finished(&chunk) {
            for held in self.held(&format!("choices/{index}/"))? {
                self.send(&held).await?;
            }
        }
        // An event that nothing changed is passed on as it came.
        let sent = if changed {
            self.send(&chunk).await
        } else {
            self.raw(event).await
        };
        sent.map(|()| false)
    }

    /// Filters the texts of a chunk in place; true when one changed.
    fn filter(&mut self, chunk: &mut Value) -> Result<bool, End> {
        let Some(filters) = &mut self.filters else {
            return Ok(false);
        };
        let mut changed = strip_logprobs(chunk);
        for leaf in text_values(chunk).into_iter().filter(is_generated_text) {
            match filters.push(&leaf) {
                Ok(text) if text == leaf.text => {}
                Ok(text) => {
                    changed = true;
                    replace_text(chunk, &leaf.path, text);
                }
                Err(block) => return Err(self.blocked(&block)),
            }
        }
        Ok(changed)
    }

    /// Chunks with what is still held of the texts under `prefix`.
    fn held(&mut self, prefix: &str) -> Result<Vec<Value>, End> {
        let Some(filters) = &mut self.filters else {
            return Ok(Vec::new());
        };
        match filters.finish(prefix) {
            Ok(rest) => Ok(rest
                .into_iter()
                .map(|(steps, text)| self.synthetic(&steps, text))
                .collect()),
            Err(block) => Err(self.blocked(&block)),
        }
    }

    fn blocked(&self, block: &Block) -> End {
        if let Some(filters) = &self.filters {
            self.request_context
                .judged(&filters.evaluation(Some(block)), "output");
        }
        End::Failed(ErrorResponse::blocked(block))
    }

    fn synthetic(&self, steps: &[PathSegment], text: String) -> Value {
        let mut chunk = self.envelope.clone();
        let mut body = build_nested(steps, text);
        if let Some(choice) = body
            .pointer_mut("/choices/0")
            .and_then(Value::as_object_mut)
        {
            choice.insert("finish_reason".to_owned(), Value::Null);
        }
        if let (Some(to), Value::Object(from)) = (chunk.as_object_mut(), body) {
            to.extend(from);
        }
        chunk
    }

    fn count(&self, chunk: &Value) {
        let tokens = |key: &str| chunk.pointer(key).and_then(Value::as_u64).unwrap_or(0);
        if chunk.get("usage").is_some_and(Value::is_object) {
            self.request_context.tokens(
                tokens("/usage/prompt_tokens"),
                tokens("/usage/completion_tokens"),
            );
        }
    }

    async fn send(&self, chunk: &Value) -> Result<(), End> {
        self.raw(&chunk.to_string()).await
    }

    async fn raw(&self, data: &str) -> Result<(), End> {
        let lines: Vec<String> = data
            .split('\n')
            .map(|line| format!("data: {line}\n"))
            .collect();
        let event = Bytes::from(format!("{}\n", lines.concat()));
        // A client that does not read holds a place that others wait for.
        let limit = Instant::now() + self.unread;
        let limit = self.until.map_or(limit, |until| limit.min(until));
        match timeout_at(limit, self.out.send(event)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(End::Gone),
        }
    }
}

fn without_choices(chunk: &Value) -> Value {
    let mut envelope = chunk.clone();
    if let Some(map) = envelope.as_object_mut() {
        map.shift_remove("choices");
        map.shift_remove("usage");
    }
    envelope
}

/// The indexes of the choices that this chunk ends.
fn finished(chunk: &Value) -> Vec<u64> {
    let choices = chunk.get("choices").and_then(Value::as_array);
    choices
        .into_iter()
        .flatten()
        .enumerate()
        .filter(|(_, choice)| {
            choice
                .get("finish_reason")
                .is_some_and(|reason| !reason.is_null())
        })
        .map(|(place, choice)| {
            choice
                .get("index")
                .and_then(Value::as_u64)
                .unwrap_or(place as u64)
        })
        .collect()
}
