//! Forwarding a stream, from the first event to the last.
//!
//! A stream ends with `[DONE]` only if the upstream has finished: a block, or an
//! upstream that breaks off, ends it with an error event.

use super::super::chat_request::ChatRequest;
use super::super::error_response::ErrorResponse;
use super::super::guard_policy;
use super::super::request_context::RequestContext;
use super::super::response_filters::{FilterError, ResponseFilters};
use super::super::restoration::Restoration;
use super::super::upstream_error;
use super::chunk::write_event;
use super::guarded::GuardedEvents;
use super::sse::{SseItem, SseParser};
use super::stream_error::StreamError;
use super::transform::{DONE, Transformer};
use crate::state::InFlightGuard;
use crate::upstream::UpstreamBody;
use bytes::Bytes;
use http::StatusCode;
use kt_policy::{Block, Decision};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::spawn_local;
use tokio::time::{Instant, timeout, timeout_at};

/// Chunks that are buffered for a slow client before the upstream is no longer read.
const BUFFERED_CHUNKS: usize = 16;
/// The time that the headers wait for text after the first event, so that a block
/// before any text has its own status.
const FIRST_TEXT_TIMEOUT: Duration = Duration::from_secs(1);
/// The time limit for the end of a body after `[DONE]`.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a word that may still become an address is held while nothing comes behind it; most
/// models send several words in this time.
const HOLD_TIMEOUT: Duration = Duration::from_millis(50);
/// nginx's status for a client that closed the request.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// A stream whose first events have been evaluated.
pub(in super::super) struct StreamedCompletion {
    stream: Stream,
    output: Vec<u8>,
    finished: bool,
}

/// The source of a stream.
struct Stream {
    body: UpstreamBody,
    parser: SseParser,
    transformer: Transformer,
    upstream: String,
    refusal_status: StatusCode,
    /// The block that ended the stream.
    blocked: Option<Block>,
    /// The guards outside of the gateway.
    guards: Option<GuardedEvents>,
}

/// The progress of a stream.
enum Progress {
    Continues,
    Finished,
}

/// Reads a stream up to its first text.
///
/// # Errors
/// When the stream fails before that.
pub(in super::super) async fn begin(
    body: UpstreamBody,
    upstream: &str,
    request: &ChatRequest,
    context: &RequestContext,
) -> Result<StreamedCompletion, ErrorResponse> {
    let mut filters = ResponseFilters::new(&context.snapshot.chain);
    if let Some(filters) = filters.as_mut().filter(|_| request.expects_json) {
        filters.expect_json();
    }
    let mut transformer = Transformer::new(filters, request.hides_usage());
    let guards = GuardedEvents::new(context);
    // What guards see must not have the values that were kept from them.
    if let Some(values) = context
        .placeholder_values
        .as_ref()
        .filter(|_| guards.is_none())
    {
        transformer.restore(Restoration::new(Arc::clone(values), request.expects_json));
    }
    let mut stream = Stream {
        body,
        parser: SseParser::default(),
        transformer,
        upstream: upstream.to_owned(),
        refusal_status: context.snapshot.refusal_status,
        blocked: None,
        guards,
    };
    let mut output = Vec::new();
    let mut deadline = None;
    let mut finished = false;
    while !finished && !stream.has_text(&output) {
        let next = stream.advance_judged(&mut output, context);
        let progress = match deadline {
            None => next.await,
            Some(deadline) => match timeout_at(deadline, next).await {
                Ok(progress) => progress,
                Err(_) => break,
            },
        };
        match progress {
            Ok(Progress::Continues) => {}
            Ok(Progress::Finished) => finished = true,
            Err(error) => {
                stream.record(context);
                return Err(error);
            }
        }
        // Guards have time limits of their own, and a window must not be judged by halves.
        if deadline.is_none() && !output.is_empty() && stream.guards.is_none() {
            deadline = Some(Instant::now() + FIRST_TEXT_TIMEOUT);
        }
    }
    Ok(StreamedCompletion {
        stream,
        output,
        finished,
    })
}

impl StreamedCompletion {
    /// Starts the task that forwards the stream, and returns its output.
    pub(in super::super) fn forward(
        mut self: Box<Self>,
        mut context: RequestContext,
        in_flight: InFlightGuard,
    ) -> Receiver<Bytes> {
        let (out, receiver) = channel(BUFFERED_CHUNKS);
        spawn_local(async move {
            // By reference: what a future captures and moves is in it twice.
            self.run(&mut context, out).await;
            drop(in_flight);
            // A connection whose response was read to its end can be reused.
            if self.finished {
                drop(timeout(DRAIN_TIMEOUT, self.stream.body.drain()).await);
            }
        });
        receiver
    }

    /// Forwards the stream.
    async fn run(&mut self, context: &mut RequestContext, out: Sender<Bytes>) {
        let limits = self.stream.body.limits();
        let status = match self.forward_all(context, &out, limits).await {
            Ok(()) => 200_u16,
            Err(None) => CLIENT_CLOSED_REQUEST,
            Err(Some(error)) => {
                // Fails only when the client has disconnected.
                drop(out.send(Bytes::from(error.event())).await);
                error.status.as_u16()
            }
        };
        if let Some((input, output)) = self.stream.transformer.usage() {
            context.count_tokens(input, output);
        }
        self.stream.record(context);
        context.end(status);
    }

    /// Forwards everything.
    ///
    /// # Errors
    /// The error of the stream; `None` when the client has disconnected.
    async fn forward_all(
        &mut self,
        context: &RequestContext,
        out: &Sender<Bytes>,
        (write_timeout, deadline): (Duration, Option<Instant>),
    ) -> Result<(), Option<ErrorResponse>> {
        let mut failure = None;
        let halts = context.halts();
        let mut halted = pin!(halts.wait());
        loop {
            if !self.output.is_empty() {
                let chunk = Bytes::from(std::mem::take(&mut self.output));
                match out.try_send(chunk) {
                    Ok(()) => {}
                    Err(TrySendError::Closed(_)) => return Err(None),
                    Err(TrySendError::Full(chunk)) => {
                        // A client that does not read occupies a slot that others wait for.
                        let limit = Instant::now() + write_timeout;
                        let limit = deadline.map_or(limit, |deadline| limit.min(deadline));
                        let sent = timeout_at(limit, out.send(chunk)).await;
                        sent.map_err(|_| None)?.map_err(|_| None)?;
                    }
                }
            }
            if let Some(error) = failure {
                return Err(Some(error));
            }
            if self.finished {
                return Ok(());
            }
            tokio::select! {
                () = out.closed() => return Err(None),
                halt = &mut halted => {
                    context.halted("output");
                    failure = Some(ErrorResponse::halted(&halt));
                }
                progress = self.stream.advance_judged(&mut self.output, context) => match progress {
                    Ok(Progress::Continues) => {}
                    Ok(Progress::Finished) => self.finished = true,
                    // What came before the error in the same chunk is sent first.
                    Err(error) => failure = Some(error),
                },
            }
        }
    }
}

impl Stream {
    /// Whether text has arrived that may be sent.
    fn has_text(&self, output: &[u8]) -> bool {
        self.transformer.has_content() && (self.guards.is_none() || !output.is_empty())
    }

    /// Reads and transforms one chunk of the body. What guards judge is appended once they have.
    async fn advance_judged(
        &mut self,
        output: &mut Vec<u8>,
        context: &RequestContext,
    ) -> Result<Progress, ErrorResponse> {
        if self.guards.is_none() {
            return self.advance(output).await;
        }
        let mut events = Vec::new();
        let progress = self.advance(&mut events).await;
        let ended = !matches!(progress, Ok(Progress::Continues));
        let Some(guards) = &mut self.guards else {
            return progress;
        };
        let mut judged = guards.push(&events);
        if judged.is_ok() && (ended || guards.is_due()) {
            judged = guards.judge(ended, output).await;
        }
        judged.map_err(|error| {
            let (error, block) = error.into_response(&context.snapshot);
            self.blocked = block;
            error
        })?;
        progress
    }

    /// Reads and transforms one chunk of the body.
    async fn advance(&mut self, output: &mut Vec<u8>) -> Result<Progress, ErrorResponse> {
        let chunk = if self.transformer.awaits_pause() {
            match timeout(HOLD_TIMEOUT, self.body.next()).await {
                Ok(chunk) => chunk,
                Err(_) => {
                    let result = self.transformer.pause(output);
                    result.map_err(|error| self.error(error))?;
                    return Ok(Progress::Continues);
                }
            }
        } else {
            self.body.next().await
        };
        let chunk = chunk.map_err(|error| ErrorResponse::upstream(error, false))?;
        let malformed = |error: &str| ErrorResponse::upstream(error, false);
        let Some(chunk) = chunk else {
            let last = self.parser.finish().map_err(malformed)?;
            return self.end(last, output);
        };
        let begun = self.take_shaped(&chunk, output)?;
        for item in self.parser.push(&chunk[begun..]).map_err(malformed)? {
            match item {
                // Without its text, which no policy has evaluated.
                SseItem::Comment => output.extend_from_slice(b":\n\n"),
                SseItem::Event(data) if data.trim() == DONE => return self.done(output),
                SseItem::Event(data) => {
                    let result = self.transformer.event(&data, output);
                    result.map_err(|error| self.error(error))?;
                }
            }
        }
        Ok(Progress::Continues)
    }

    /// Transforms the events at the beginning of a chunk that have the shape of earlier ones;
    /// returns where the rest begins.
    fn take_shaped(&mut self, chunk: &[u8], output: &mut Vec<u8>) -> Result<usize, ErrorResponse> {
        let (mut at, mut copied) = (0, 0);
        while self.parser.is_idle()
            && let Some(event) = self.transformer.shaped(&chunk[at..])
        {
            let changed = match self.transformer.shaped_text(&event.text) {
                Ok(changed) => changed,
                Err(error) => {
                    // What came before the error is sent first.
                    output.extend_from_slice(&chunk[copied..at]);
                    return Err(self.error(error));
                }
            };
            if let Some(text) = changed {
                output.extend_from_slice(&chunk[copied..at + event.place.start]);
                output.extend_from_slice(text.as_bytes());
                copied = at + event.place.end;
            }
            at += event.length;
        }
        output.extend_from_slice(&chunk[copied..at]);
        Ok(at)
    }

    /// Ends a stream whose body has ended without `[DONE]`: it is complete if every
    /// choice has a finish reason.
    fn end(
        &mut self,
        last: Option<String>,
        output: &mut Vec<u8>,
    ) -> Result<Progress, ErrorResponse> {
        match last {
            Some(data) if data.trim() == DONE => return self.done(output),
            // An incomplete event is discarded, as the standard says.
            Some(data) if serde_json::from_str::<serde::de::IgnoredAny>(&data).is_ok() => {
                let result = self.transformer.event(&data, output);
                result.map_err(|error| self.error(error))?;
            }
            _ => {}
        }
        if self.transformer.is_complete() {
            return self.done(output);
        }
        let message = format!(
            "upstream `{}` ended the stream before its end",
            self.upstream
        );
        Err(ErrorResponse::upstream(message, false))
    }

    fn done(&mut self, output: &mut Vec<u8>) -> Result<Progress, ErrorResponse> {
        let result = self.transformer.finish(output);
        result.map_err(|error| self.error(error))?;
        write_event(output, DONE);
        Ok(Progress::Finished)
    }

    fn error(&mut self, error: StreamError) -> ErrorResponse {
        match error {
            StreamError::Malformed(message) => ErrorResponse::upstream(message, false),
            StreamError::Filter(FilterError::TooLarge) => {
                ErrorResponse::upstream("the response of the upstream is too large", false)
            }
            StreamError::Filter(FilterError::Ambiguous) => {
                let message = "an event of the upstream is ambiguous JSON";
                ErrorResponse::upstream(message, false)
            }
            StreamError::Upstream(document) => {
                let filters = self.transformer.filters();
                upstream_error::from_document(&self.upstream, &document, filters)
            }
            StreamError::Filter(FilterError::Blocked(block)) => {
                let error = ErrorResponse::blocked(&block, self.refusal_status);
                self.blocked = Some(block);
                error
            }
        }
    }

    /// Records the evaluation of the response.
    fn record(&mut self, context: &RequestContext) {
        let restored = self.transformer.restored();
        if let Some(filters) = self.transformer.filters() {
            let mut evaluation = filters.evaluation(self.blocked.as_ref());
            if let Some(guards) = &self.guards {
                let judged = guards.evaluation();
                evaluation = match evaluation.decision {
                    Decision::Block(_) => guard_policy::combine(&judged, &evaluation),
                    _ => guard_policy::combine(&evaluation, &judged),
                };
            }
            context.response_evaluated(&evaluation, restored);
        }
    }
}

#[cfg(test)]
#[path = "recorded_tests.rs"]
mod recorded_tests;
