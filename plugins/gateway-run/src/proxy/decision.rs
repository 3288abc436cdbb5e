//! What was decided on a request, for its line.

use kt_policy::{Decision as Verdict, Evaluation};

/// The decisions on a request and its response.
#[derive(Debug, Default)]
pub(super) struct Decision {
    /// `allow`, `redact` or `block`: the strongest one.
    verdict: Option<&'static str>,
    /// The policy and the reason of a block, or what was redacted.
    reasons: Vec<String>,
    /// The code of an error that no policy has caused.
    error: Option<String>,
}

impl Decision {
    /// Adds the evaluation of the request or of the response.
    pub(super) fn add(&mut self, evaluation: &Evaluation) {
        let verdict = evaluation.decision.as_str();
        match &evaluation.decision {
            Verdict::Allow => {
                self.verdict.get_or_insert(verdict);
            }
            Verdict::Redact => {
                if self.verdict != Some("block") {
                    self.verdict = Some(verdict);
                }
                for finding in evaluation.findings.iter().filter(|f| f.is_match()) {
                    self.add_reason(format!("{}: {}", finding.policy, finding.kind));
                }
            }
            Verdict::Block(block) => {
                self.verdict = Some(verdict);
                self.reasons = vec![format!("{}: {}", block.policy, block.reason)];
            }
        }
    }

    fn add_reason(&mut self, reason: String) {
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    /// Sets the code of the error that is the response.
    pub(super) fn set_error(&mut self, code: &str) {
        if self.verdict != Some("block") {
            self.error = Some(code.to_owned());
        }
    }

    /// Returns the verdict and the reason for the line.
    pub(super) fn summary(&self) -> (&'static str, String) {
        match &self.error {
            Some(code) => ("error", code.clone()),
            None => (self.verdict.unwrap_or("none"), self.reasons.join(", ")),
        }
    }
}
