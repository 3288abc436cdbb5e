//! [`Case`].

use serde::Serialize;
use serde_json::Value;

use crate::model::words;

words! {
    /// A verdict that a case expects.
    pub enum ExpectedVerdict {
        /// It passes unchanged.
        Allow = "allow",
        /// It passes with some texts rewritten.
        Redact = "redact",
        /// It is refused.
        Block = "block",
    }
}

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it is called.
    pub name: String,
    /// The source that it was read from.
    pub file: String,
    /// The request's `messages`, as a client sends them.
    pub(crate) messages: Vec<Value>,
    /// What the model answers; without it only the request is judged.
    pub(crate) upstream_response: Option<String>,
    /// What a gateway must report.
    pub expected: Expected,
}

/// What a gateway must report of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expected {
    /// The verdict.
    pub verdict: ExpectedVerdict,
    /// The reason code; `Some(None)` where there must be none. It is not looked
    /// at when the case does not mention it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<Option<String>>,
}
