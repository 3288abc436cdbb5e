//! [`Guard`]: a policy that judges texts outside of the event loop, such as a plugin.
//!
//! The crate does no I/O: it says what is judged and what follows from the answer. The gateway
//! asks.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::decode::string_enum;
use crate::model::{PolicyKind, SecretRef};

/// A policy whose verdict comes from elsewhere.
#[derive(Debug, Clone)]
pub struct Guard {
    /// The policy.
    pub policy: PolicyKind,
    /// The reason code of what it blocks.
    pub reason: &'static str,
    /// Who is asked.
    pub service: GuardService,
    /// The time limit of a judgment, the time in the queue included.
    pub timeout: Duration,
    /// What happens to texts that could not be judged.
    pub fail_mode: FailMode,
    /// What happens to what is found.
    pub action: GuardAction,
    /// The message to the caller of a blocked request.
    pub message: String,
    /// Whether requests are judged.
    pub requests: bool,
    /// Whether responses are judged.
    pub responses: bool,
    /// Whether the upstream receives a request while it is judged.
    pub parallel: bool,
    /// The characters of a stream that are judged together.
    pub window: usize,
}

/// Who is asked for a verdict.
#[derive(Debug, Clone)]
pub enum GuardService {
    /// A provider of `kt.policy/1`.
    Plugin {
        /// Its name.
        name: String,
        /// What it receives with every request.
        settings: Map<String, Value>,
    },
    /// A service that is asked over HTTP.
    Http(Box<HttpGuard>),
}

/// A guard that is asked over HTTP.
#[derive(Debug, Clone)]
pub struct HttpGuard {
    /// The form of requests and answers.
    pub form: HttpForm,
    /// The address that texts are posted to.
    pub url: String,
    /// The reference to the credential.
    pub secret: Option<SecretRef>,
    /// The header that contains the credential.
    pub header: String,
    /// The word before the credential; may be empty.
    pub scheme: String,
    /// With `presidio`: the language of the texts.
    pub language: String,
    /// With `presidio`: the entities that are found; all, if it is empty.
    pub entities: Vec<String>,
    /// With `presidio`: the least score of an entity, in percent.
    pub min_score: u64,
    /// With `http`: what it receives with every request.
    pub settings: Map<String, Value>,
}

string_enum! {
    /// The form of requests to a guard, and of its answers.
    pub enum HttpForm {
        /// `POST /analyze` of Microsoft Presidio.
        Presidio = "presidio",
        /// The messages of `judge` of `kt.policy/1`.
        Http = "http",
    }
}

string_enum! {
    /// What happens to texts that could not be judged.
    pub enum FailMode {
        /// They are blocked.
        Closed = "closed",
        /// They pass, and the failure is recorded.
        Open = "open",
    }
}

string_enum! {
    /// What happens to what a guard finds.
    pub enum GuardAction {
        /// Spans are redacted; a verdict `block` blocks.
        Redact = "redact",
        /// Spans block too.
        Block = "block",
        /// Nothing is changed or blocked, and the finding is recorded.
        Log = "log",
    }
}

impl Guard {
    /// Whether it judges one direction.
    #[must_use]
    pub fn judges(&self, direction: Direction) -> bool {
        match direction {
            Direction::Request => self.requests,
            Direction::Response => self.responses,
        }
    }
}

string_enum! {
    /// Which way a text goes.
    pub enum Direction {
        /// To the upstream.
        Request = "request",
        /// To the caller.
        Response = "response",
    }
}

/// A text that a guard judges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardText {
    /// `user`, `assistant`, `tool`, …
    pub role: String,
    /// The text itself, unescaped.
    pub text: String,
}
