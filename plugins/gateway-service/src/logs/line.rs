//! One line of a log.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A line, as `-o json` shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Line {
    /// When it was written.
    pub(crate) at: Option<Timestamp>,
    /// Who wrote it: `gateway`, `manager`, or `output` for what reached a log
    /// of the service manager's.
    pub(crate) source: &'static str,
    pub(crate) level: Option<String>,
    /// The part of the gateway that wrote it.
    pub(crate) target: Option<String>,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Value>,
}

/// A line of the gateway's own log.
#[derive(Deserialize)]
struct Own {
    ts: Timestamp,
    level: String,
    target: String,
    message: String,
    #[serde(default)]
    data: Option<Value>,
}

impl Line {
    /// A line of the gateway's own log; one that a crash cut off is shown as it
    /// is.
    pub(super) fn own(text: &str) -> Self {
        match serde_json::from_str::<Own>(text) {
            Ok(own) => Self {
                at: Some(own.ts),
                source: "gateway",
                level: Some(own.level),
                target: Some(own.target),
                message: own.message,
                data: own.data.filter(|d| !d.is_null()),
            },
            Err(_) => Self {
                at: None,
                source: "gateway",
                level: None,
                target: None,
                message: text.to_owned(),
                data: None,
            },
        }
    }

    /// A line that begins with its time, or with none.
    pub(super) fn timed(text: &str, source: &'static str) -> Self {
        let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
        let at = first.parse::<Timestamp>().ok();
        Self {
            at,
            source,
            level: None,
            target: None,
            message: if at.is_some() { rest } else { text }.to_owned(),
            data: None,
        }
    }

    /// The line as a person reads it.
    pub(crate) fn text(&self) -> String {
        let mut text = match self.at {
            // Microseconds only get in the way of reading.
            Some(at) => format!("{at:.3} "),
            None => String::new(),
        };
        if let Some(level) = &self.level {
            text.push_str(&format!("{level:<5} "));
        }
        if self.source == "manager" {
            text.push_str("[manager] ");
        }
        text.push_str(&self.message);
        text
    }
}
