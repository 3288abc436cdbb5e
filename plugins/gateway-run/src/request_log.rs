//! A line per request for the user who runs a gateway in a terminal.
//!
//! Requests pass their line to a thread and continue; a slow terminal costs lines, which are
//! counted, and never time.

use jiff::Timestamp;
use kt_plugin_api::{Context, Event};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// The number of lines that may wait for the terminal.
const CAPACITY: usize = 1024;
/// The maximum length of a model in a line, in characters. The name comes from a caller.
const MAX_MODEL_CHARS: usize = 48;

/// What is shown of a request; never its texts.
#[derive(Debug, Clone)]
pub(crate) struct RequestLine {
    pub(crate) at: Timestamp,
    pub(crate) request_id: String,
    pub(crate) model: String,
    /// `allow`, `redact`, `block`; `error` if the gateway or the upstream failed, or `none` if no
    /// policy evaluated it.
    pub(crate) verdict: &'static str,
    /// The policies and the reason, or the code of the error.
    pub(crate) reason: String,
    pub(crate) status: u16,
    pub(crate) latency: Duration,
}

/// A handle that takes lines.
#[derive(Clone)]
pub(crate) struct RequestLog {
    sender: SyncSender<RequestLine>,
    dropped: Arc<AtomicU64>,
}

/// The lines that wait to be shown.
pub(crate) struct RequestLines {
    receiver: Receiver<RequestLine>,
    dropped: Arc<AtomicU64>,
}

/// Creates a log whose lines are shown by [`RequestLines::show`].
pub(crate) fn request_log() -> (RequestLog, RequestLines) {
    let (sender, receiver) = sync_channel(CAPACITY);
    let dropped = Arc::new(AtomicU64::new(0));
    let lines = RequestLines {
        receiver,
        dropped: Arc::clone(&dropped),
    };
    (RequestLog { sender, dropped }, lines)
}

impl RequestLog {
    /// Queues a line; never blocks.
    pub(crate) fn write(&self, line: RequestLine) {
        if self.sender.try_send(line).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl RequestLines {
    /// Shows lines until the last handle is dropped.
    pub(crate) fn show(&self, context: &Context<'_>) {
        while let Ok(line) = self.receiver.recv() {
            context.event(&line.event());
            if let Some(event) = self.dropped_event() {
                context.event(&event);
            }
        }
    }

    fn dropped_event(&self) -> Option<Event> {
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        (dropped > 0).then(|| Event {
            event: "requests-not-shown".to_owned(),
            message: format!("… {dropped} more requests, too fast to be shown"),
            data: json!({ "count": dropped }),
        })
    }
}

impl RequestLine {
    fn event(&self) -> Event {
        Event {
            event: "request".to_owned(),
            message: self.message(),
            data: json!({
                "at": self.at,
                "request_id": self.request_id,
                "requested_model": self.model,
                "verdict": self.verdict,
                "reason": self.reason,
                "status": self.status,
                "latency_ms": u64::try_from(self.latency.as_millis()).unwrap_or(u64::MAX),
            }),
        }
    }

    fn message(&self) -> String {
        let model: String = self
            .model
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(MAX_MODEL_CHARS)
            .collect();
        let model = if model.is_empty() { "-" } else { &model };
        let reason = match self.reason.as_str() {
            "" => String::new(),
            reason => format!("  {reason}"),
        };
        format!(
            "{}Z  {}  {:<6}  {model}  {}{reason}",
            self.at.strftime("%H:%M:%S"),
            self.status,
            self.verdict,
            latency(self.latency),
        )
    }
}

fn latency(latency: Duration) -> String {
    let seconds = latency.as_secs_f64();
    if seconds < 0.001 {
        format!("{} µs", latency.as_micros())
    } else if seconds < 1.0 {
        format!("{} ms", latency.as_millis())
    } else {
        format!("{seconds:.1} s")
    }
}

#[cfg(test)]
mod tests {
    use super::{CAPACITY, RequestLine, request_log};
    use std::time::Duration;

    fn line(model: &str) -> RequestLine {
        RequestLine {
            at: "2026-11-30T12:34:56Z".parse().unwrap(),
            request_id: "r1".to_owned(),
            model: model.to_owned(),
            verdict: "block",
            reason: "dlp-filter: dlp.term".to_owned(),
            status: 400,
            latency: Duration::from_millis(3),
        }
    }

    #[test]
    fn lines_beyond_the_queue_are_counted() {
        let (log, lines) = request_log();
        for _ in 0..CAPACITY + 7 {
            log.write(line("m"));
        }
        assert_eq!(lines.dropped_event().unwrap().data["count"], 7);
        assert!(lines.dropped_event().is_none());
        assert_eq!(lines.receiver.try_iter().count(), CAPACITY);
    }

    #[test]
    fn a_line_is_one_line_of_limited_length() {
        assert_eq!(
            line("m").event().message,
            "12:34:56Z  400  block   m  3 ms  dlp-filter: dlp.term"
        );
        let message = line(&format!("a\n\u{1b}[2J{}", "x".repeat(1000))).message();
        assert!(message.chars().count() < 120 && !message.contains(char::is_control));
    }
}
