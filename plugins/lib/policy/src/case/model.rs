//! [`Case`].

use std::net::IpAddr;

use serde::Serialize;
use serde_json::Value;

use crate::decode::string_enum;

string_enum! {
    /// The decision that a case expects.
    pub enum ExpectedDecision {
        /// The request passes unchanged.
        Allow = "allow",
        /// The request passes with redacted texts.
        Redact = "redact",
        /// The request is blocked.
        Block = "block",
    }
}

/// A test case.
#[derive(Debug, Clone)]
pub struct Case {
    /// The name.
    pub name: String,
    /// The name of its source.
    pub file: String,
    /// The address of the caller; without it, no caller is evaluated.
    pub(crate) caller_address: Option<IpAddr>,
    /// The requested model; without it, no route is evaluated.
    pub(crate) model: Option<String>,
    /// The `messages` of the request, as a client sends them.
    pub(crate) messages: Vec<Value>,
    /// The text of the response; without it, only the request is evaluated.
    pub(crate) upstream_response: Option<String>,
    /// The expected evaluation.
    pub expected: Expected,
}

/// The expected evaluation of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expected {
    /// The expected decision.
    pub verdict: ExpectedDecision,
    /// The expected reason code; `Some(None)` if there must be none, `None` if it does not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<Option<String>>,
}
