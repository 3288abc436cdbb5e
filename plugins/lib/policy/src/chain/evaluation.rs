//! What the detectors say.

use std::ops::Range;

use serde::Serialize;

use super::action::{NumberRedaction, Sensitivity};
use crate::json::escape;
use crate::model::PolicyKind;

/// One text of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptText<'t> {
    /// `user`, `tool`, `system`, …
    pub role: &'t str,
    /// The text itself, unescaped.
    pub text: &'t str,
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It passes unchanged.
    Allow,
    /// It passes with some texts rewritten, see [`Evaluation::rewrites`].
    Redact,
    /// It is refused.
    Block(Block),
}

impl Decision {
    /// `allow`, `redact` or `block`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Redact => "redact",
            Self::Block(_) => "block",
        }
    }
}

/// Why something is refused; the fields of the error envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Block {
    /// The policy that refused it.
    pub policy: PolicyKind,
    /// `input_blocked` or `output_blocked`.
    pub code: &'static str,
    /// Message for the caller; never quotes what was found.
    pub message: String,
    /// Stable reason code, one of [`reason_codes`](crate::reason_codes).
    pub reason: &'static str,
}

/// The kind of the finding that a text has cost more steps than it may.
pub(crate) const BUDGET: &str = "budget";

/// What a policy found, without the text that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The policy.
    pub policy: PolicyKind,
    /// `email`, `term`, `override`, …
    pub kind: &'static str,
    /// How often.
    pub count: usize,
    /// `dlp-filter.sensitivity_level`, for findings of that policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Sensitivity>,
}

impl Finding {
    /// Whether a text was changed or blocked for it, rather than passed on unevaluated.
    #[must_use]
    pub fn is_match(&self) -> bool {
        self.kind != BUDGET
    }
}

/// A text that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrite {
    /// Index of the text in the request.
    pub index: usize,
    /// The new text.
    pub text: String,
    /// What is replaced in the old text, in order.
    pub spans: Vec<Replacement>,
}

/// What a marker stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkerKind {
    /// Any value: `[EMAIL]`.
    Plain,
    /// One value of a request, which adds its number: `[EMAIL_1]`.
    Numbered,
    /// The same, and the value is put back where the response has the placeholder.
    Restored,
}

/// What replaces a match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// The replaced bytes of the old text.
    pub range: Range<usize>,
    /// What stands there now.
    pub marker: String,
    /// What the marker stands for.
    pub kind: MarkerKind,
    /// What stands there if the text is a number of JSON.
    pub numbers: NumberRedaction,
}

impl Replacement {
    /// Returns what replaces a number of JSON.
    pub(crate) fn number(&self) -> String {
        match self.numbers {
            NumberRedaction::Marker => format!("\"{}\"", escape(&self.marker)),
            NumberRedaction::Zero => "0".to_owned(),
        }
    }
}

/// The judgement of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// What happens.
    pub decision: Decision,
    /// The texts that change; empty unless the decision is `Redact`.
    pub rewrites: Vec<Rewrite>,
    /// What was found, also where the decision is to allow.
    pub findings: Vec<Finding>,
}

impl Evaluation {
    /// What one policy of the chain had to do with it: `block`, `redact` or
    /// `pass`.
    #[must_use]
    pub fn result_of(&self, kind: PolicyKind) -> &'static str {
        let touched = self.findings.iter().any(|f| f.policy == kind);
        match &self.decision {
            Decision::Block(block) if block.policy == kind => "block",
            Decision::Redact if touched => "redact",
            _ => "pass",
        }
    }
}

/// Adds one to the finding of a kind.
pub(crate) fn count(
    findings: &mut Vec<Finding>,
    policy: PolicyKind,
    kind: &'static str,
    level: Option<Sensitivity>,
) {
    match findings
        .iter_mut()
        .find(|f| f.policy == policy && f.kind == kind)
    {
        Some(finding) => finding.count += 1,
        None => findings.push(Finding {
            policy,
            kind,
            count: 1,
            level,
        }),
    }
}

/// Adds findings to those of other texts.
pub fn merge_findings(findings: &mut Vec<Finding>, more: &[Finding]) {
    for finding in more {
        let same = |f: &&mut Finding| f.policy == finding.policy && f.kind == finding.kind;
        match findings.iter_mut().find(same) {
            Some(known) => known.count += finding.count,
            None => findings.push(finding.clone()),
        }
    }
}
