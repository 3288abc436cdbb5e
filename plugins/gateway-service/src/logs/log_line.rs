//! A line of a log.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A line, as `-o json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct LogLine {
    /// The time of the line.
    pub(crate) at: Option<Timestamp>,
    /// The source: `gateway`, `manager`, or `output` for gateway output in the log of
    /// the service manager.
    pub(crate) source: &'static str,
    pub(crate) level: Option<String>,
    /// The module of the gateway.
    pub(crate) target: Option<String>,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Value>,
}

/// A line in the gateway's log file.
#[derive(Deserialize)]
struct GatewayLogLine {
    ts: Timestamp,
    level: String,
    target: String,
    message: String,
    #[serde(default)]
    data: Option<Value>,
}

impl LogLine {
    /// Parses a line of the gateway's log. A line that a crash truncated becomes the
    /// message.
    pub(super) fn from_gateway(text: &str) -> Self {
        match serde_json::from_str::<GatewayLogLine>(text) {
            Ok(line) => Self {
                at: Some(line.ts),
                source: "gateway",
                level: Some(line.level),
                target: Some(line.target),
                message: line.message,
                data: line.data.filter(|d| !d.is_null()),
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

    /// Parses a line of a service manager's log, which may start with a timestamp.
    pub(super) fn from_manager(text: &str, source: &'static str) -> Self {
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

    /// Formats the line for display.
    pub(crate) fn text(&self) -> String {
        let mut text = match self.at {
            // Milliseconds are precise enough for display.
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
