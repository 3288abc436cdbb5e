//! `gateway` and `size_limits`.

use serde::Serialize;

use super::word::words;

/// `gateway`: the process itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Gateway {
    /// Address to listen on, `host:port`; the command line wins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// What is logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logging: Option<Logging>,
    /// Whether an upstream whose secret is missing makes the whole
    /// configuration unacceptable (default: only that upstream is unavailable).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
    /// Where requests may go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbound: Option<Outbound>,
}

/// `gateway.logging`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Logging {
    /// Least severe level that is written (default `info`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<LogLevel>,
    /// Form of a line (default `json`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<LogFormat>,
    /// Whether bodies are logged (default no).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_bodies: Option<bool>,
    /// Names of fields whose values are replaced before a line is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redact_fields: Option<Vec<String>>,
}

words! {
    /// Severity of a log line.
    pub enum LogLevel {
        /// Everything.
        Trace = "trace",
        /// For finding faults.
        Debug = "debug",
        /// The normal course.
        Info = "info",
        /// What may need attention.
        Warn = "warn",
        /// What failed.
        Error = "error",
    }
}

words! {
    /// Form of a log line.
    pub enum LogFormat {
        /// One JSON object per line.
        Json = "json",
        /// For people.
        Pretty = "pretty",
    }
}

/// `gateway.outbound`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Outbound {
    /// Ports an upstream may use; absent means any. Checked by
    /// [`compile`](crate::compile()), together with the gateway's own limits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_ports: Option<Vec<u16>>,
}

/// `size_limits`, in bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SizeLimits {
    /// Largest request body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_body_bytes: Option<u64>,
    /// Largest response body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_response_bytes: Option<u64>,
}
