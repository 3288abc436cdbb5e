//! The typed form of `kt.policy/1`: guards that judge the texts of a gateway.
//!
//! A [`PolicyProvider`] implements [`PolicyGuard`]. The gateway calls `judge` for the texts of a
//! request, of a response, or of a part of a streamed response.

use crate::sdk::plugin::unsupported_method;
use crate::{Class, Context, Error, Provider};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::ops::Range;

/// Id of the interface.
pub const INTERFACE: &str = "kt.policy/1";

/// The most spans of an answer. A guard that finds more can join spans, or block the text.
pub const MAX_SPANS: usize = 10_000;

/// The result of `describe`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct PolicyDescription {
    /// What the guard finds, in one sentence.
    pub about: String,
    /// The labels of its spans, such as `PERSON`.
    pub labels: Vec<String>,
}

/// The request of `judge`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct JudgeRequest {
    /// The id of the request, as in logs.
    pub request_id: String,
    /// The model that the caller requests.
    pub model: String,
    /// The caller, if the gateway knows it.
    pub consumer: Option<String>,
    /// `settings` of the policy in the configuration of the gateway.
    pub settings: Map<String, Value>,
    /// The texts.
    pub texts: Vec<JudgeText>,
}

/// A text to judge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct JudgeText {
    /// Identifies the text in the result.
    pub index: usize,
    /// Which way it goes.
    pub direction: TextDirection,
    /// Who wrote it: `user`, `system`, `developer`, `tool` or `assistant`.
    pub role: String,
    /// The text.
    pub text: String,
}

/// Which way a text goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum TextDirection {
    /// From the caller to the model.
    #[default]
    Request,
    /// From the model to the caller.
    Response,
}

/// The result of `judge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JudgeResult {
    /// The verdicts, at most one on each text. Texts without one pass.
    pub verdicts: Vec<TextVerdict>,
}

/// The verdict on one text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TextVerdict {
    /// The index of the text.
    pub index: usize,
    /// What is to happen.
    pub verdict: VerdictKind,
    /// What is to be redacted; at least one span with `redact`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<TextSpan>,
    /// Why the text is to be blocked, in one word such as `banned-word`: lower-case letters, digits,
    /// `-`, `_` and `.`. It becomes part of records, and is not shown to callers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// What is to happen to a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum VerdictKind {
    /// It passes.
    Allow,
    /// Its spans are replaced by markers.
    Redact,
    /// The request or the response is blocked.
    Block,
}

/// A part of a text, in characters: Unicode code points, as Python counts them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TextSpan {
    /// The first character.
    pub start: usize,
    /// The one behind the last.
    pub end: usize,
    /// What it is, such as `PERSON`: capitals, digits and `_`. The marker is `[PERSON]`.
    #[serde(default)]
    pub label: String,
}

impl TextSpan {
    /// Returns the span of a range of bytes; `None` if it is not one of the text. For several
    /// ranges, [`Self::of_ranges`] counts the characters of the text once.
    #[must_use]
    pub fn of_bytes(text: &str, range: Range<usize>, label: impl Into<String>) -> Option<Self> {
        let characters = |part: Option<&str>| part.map(|part| part.chars().count());
        let start = characters(text.get(..range.start))?;
        let length = characters(text.get(range))?;
        Some(Self {
            start,
            end: start + length,
            label: label.into(),
        })
    }

    /// Returns the spans of ranges of bytes with one label; `None` if one is not a range of the
    /// text, or begins before the end of the one before it.
    #[must_use]
    pub fn of_ranges(
        text: &str,
        ranges: impl IntoIterator<Item = Range<usize>>,
        label: &str,
    ) -> Option<Vec<Self>> {
        let (mut byte, mut character) = (0, 0);
        let mut advance = |to: usize| {
            character += text.get(byte..to)?.chars().count();
            byte = to;
            Some(character)
        };
        let span = |range: Range<usize>| {
            Some(Self {
                start: advance(range.start)?,
                end: advance(range.end)?,
                label: label.to_owned(),
            })
        };
        ranges.into_iter().map(span).collect()
    }
}

impl TextVerdict {
    /// Returns the verdict that redacts these spans.
    #[must_use]
    pub fn redact(index: usize, spans: Vec<TextSpan>) -> Self {
        Self {
            index,
            verdict: VerdictKind::Redact,
            spans,
            reason: String::new(),
        }
    }

    /// Returns the verdict that blocks, for a reason of one word.
    #[must_use]
    pub fn block(index: usize, reason: impl Into<String>) -> Self {
        Self {
            index,
            verdict: VerdictKind::Block,
            spans: Vec::new(),
            reason: reason.into(),
        }
    }
}

/// A guard.
pub trait PolicyGuard: Send + Sync {
    /// Returns what the guard finds.
    fn describe(&self) -> PolicyDescription;

    /// Judges texts. Calls may run at the same time, and should return before the deadline of the
    /// context.
    ///
    /// # Errors
    /// Why the texts cannot be judged. The gateway then does what its configuration says.
    fn judge(&self, request: &JudgeRequest, context: &Context<'_>) -> Result<JudgeResult, Error>;
}

/// A provider of `kt.policy/1`.
pub struct PolicyProvider<G>(pub G);

impl<G: PolicyGuard> Provider for PolicyProvider<G> {
    fn call(&self, method: &str, request: Value, context: &Context<'_>) -> Result<Value, Error> {
        let serialized = |result: Result<Value, serde_json::Error>| {
            result.map_err(|e| Error::internal("cannot serialize the result").cause(e))
        };
        match method {
            "describe" => serialized(serde_json::to_value(self.0.describe())),
            "judge" => {
                let request: JudgeRequest = serde_json::from_value(request).map_err(|e| {
                    Error::new(
                        Class::Plugin,
                        "invalid-call",
                        "the request cannot be parsed",
                    )
                    .cause(e)
                })?;
                let result = self.0.judge(&request, context)?;
                serialized(serde_json::to_value(result))
            }
            other => Err(unsupported_method(INTERFACE, other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TextSpan;

    #[test]
    fn spans_of_bytes_are_counted_in_characters() {
        let text = "é😀 Ann";
        let at = text.find("Ann").unwrap();
        let span = TextSpan::of_bytes(text, at..at + 3, "PERSON").unwrap();
        assert_eq!((span.start, span.end), (3, 6));
        assert!(TextSpan::of_bytes(text, 1..3, "PERSON").is_none());
        assert!(TextSpan::of_bytes(text, 0..99, "PERSON").is_none());
        let spans = TextSpan::of_ranges(text, [0..2, 2..6, at..at + 3], "A").unwrap();
        let spans: Vec<(usize, usize)> = spans.iter().map(|s| (s.start, s.end)).collect();
        assert_eq!(spans, [(0, 1), (1, 2), (3, 6)]);
        for ranges in [[2..6, 0..2], [0..2, 3..6], [0..2, 6..99]] {
            assert!(TextSpan::of_ranges(text, ranges, "A").is_none());
        }
    }
}
