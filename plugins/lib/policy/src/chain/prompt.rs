//! [`Chain`]: the compiled policies, and how they judge a request.

use std::sync::Arc;

use super::audit::AuditRecord;
use super::compiled::Compiled;
use super::evaluation::{
    Block, Decision, Evaluation, Finding, MarkerKind, PromptText, Rewrite, count,
};
use super::filter::StreamFilter;
use super::guard::{Direction, Guard};
use super::rules::Rules;
use super::scanner::Scanner;
use crate::model::PolicyKind;

/// A compiled chain. Cheap to clone, safe to share between threads; nothing is
/// built while it judges.
#[derive(Clone)]
pub struct Chain {
    pub(crate) compiled: Arc<Compiled>,
}

impl Chain {
    /// The policies in force, in order; empty when the pack is disabled.
    #[must_use]
    pub fn kinds(&self) -> &[PolicyKind] {
        &self.compiled.kinds
    }

    /// Returns the policies whose verdict comes from elsewhere, in order.
    #[must_use]
    pub fn guards(&self) -> &[Guard] {
        &self.compiled.guards
    }

    /// Whether a policy whose verdict comes from elsewhere judges a direction.
    #[must_use]
    pub fn has_guards(&self, direction: Direction) -> bool {
        let mut guards = self.guards().iter();
        guards.any(|guard| guard.judges(direction))
    }

    /// Returns the record of an evaluation; `None` if no policy of the chain records it.
    #[must_use]
    pub fn audit_record(&self, evaluation: &Evaluation) -> Option<AuditRecord> {
        let record = self.compiled.record.as_ref()?;
        record.record(evaluation, self.kinds())
    }

    /// Returns the record of a request that is refused for a reason that is no policy; `None` if no
    /// policy of the chain records requests.
    #[must_use]
    pub fn refusal_record(&self, reason_code: &'static str) -> Option<AuditRecord> {
        let policy = *self.kinds().first()?;
        let block = Block {
            policy,
            code: "input_blocked",
            message: String::new(),
            reason: reason_code,
        };
        let record = self.audit_record(&Evaluation {
            decision: Decision::Block(block),
            rewrites: Vec::new(),
            findings: Vec::new(),
        })?;
        Some(AuditRecord {
            policy: None,
            ..record
        })
    }

    /// Whether any policy looks at the texts of requests. When not, a gateway
    /// need not read a request's body.
    #[must_use]
    pub fn inspects_prompts(&self) -> bool {
        !self.compiled.request.is_empty() || self.compiled.rules.is_some()
    }

    /// Whether any policy looks at the text of responses. When not, a gateway
    /// can pass bytes through.
    #[must_use]
    pub fn inspects_responses(&self) -> bool {
        self.compiled.rules.is_some()
    }

    /// Whether responses get values of their request back.
    pub(crate) fn restores(&self) -> bool {
        let rules = self.compiled.rules.as_ref();
        rules.is_some_and(|rules| {
            let mut kinds = rules.patterns.iter().map(|pattern| pattern.marker.kind());
            kinds.any(|kind| kind == MarkerKind::Restored)
        })
    }

    /// A filter for one channel of a response, whole or streamed.
    #[must_use]
    pub fn response_filter(&self) -> StreamFilter {
        StreamFilter::new(Arc::clone(&self.compiled))
    }

    /// A filter for the value of a key.
    pub(crate) fn labeled_filter(&self, label: &str) -> StreamFilter {
        StreamFilter::labeled(Arc::clone(&self.compiled), label)
    }

    /// Judges the texts of a request. Of several refusals, the one of the
    /// policy that stands first in the chain is given.
    #[must_use]
    pub fn inspect_prompt(&self, texts: &[PromptText<'_>]) -> Evaluation {
        let mut findings = Vec::new();
        let refusals = self.request(texts, &mut findings);
        let texts = texts.iter().map(|text| (text.text, ""));
        self.inspect_texts(texts, findings, refusals, "input_blocked")
    }

    /// Judges the texts of a request, each with its label.
    pub(crate) fn inspect_labeled_prompt(&self, texts: &[(PromptText<'_>, &str)]) -> Evaluation {
        let mut findings = Vec::new();
        let prompt: Vec<PromptText<'_>> = texts.iter().map(|(text, _)| *text).collect();
        let refusals = self.request(&prompt, &mut findings);
        let texts = texts.iter().map(|(text, label)| (text.text, *label));
        self.inspect_texts(texts, findings, refusals, "input_blocked")
    }

    fn inspect_texts<'t>(
        &self,
        texts: impl Iterator<Item = (&'t str, &'t str)>,
        mut findings: Vec<Finding>,
        mut refusals: Vec<Block>,
        code: &'static str,
    ) -> Evaluation {
        let mut rewrites = Vec::new();
        if let Some(rules) = &self.compiled.rules {
            for (index, text) in texts.enumerate() {
                let (rewrite, block) = self.scan(rules, index, text, code, &mut findings);
                rewrites.extend(rewrite);
                refusals.extend(block);
            }
        }
        let decision = match self.first(refusals) {
            Some(block) => Decision::Block(block),
            None if rewrites.is_empty() => Decision::Allow,
            None => Decision::Redact,
        };
        if matches!(decision, Decision::Block(_)) {
            rewrites.clear();
        }
        Evaluation {
            decision,
            rewrites,
            findings,
        }
    }

    /// Judges texts only by the request phase, such as the attacks of `prompt-injection`: they
    /// stand for no text that could be rewritten.
    pub(crate) fn inspect_intent(&self, texts: &[PromptText<'_>]) -> Evaluation {
        let mut findings = Vec::new();
        let refusals = self.request(texts, &mut findings);
        let block = refusals.into_iter().next();
        Evaluation {
            decision: block.map_or(Decision::Allow, Decision::Block),
            rewrites: Vec::new(),
            findings,
        }
    }

    /// Judges the texts of a whole response, each with its label.
    pub(crate) fn inspect_response(&self, texts: &[(&str, &str)]) -> Evaluation {
        let texts = texts.iter().copied();
        self.inspect_texts(texts, Vec::new(), Vec::new(), "output_blocked")
    }

    /// The request phase: the refusals in the order of the chain.
    fn request(&self, texts: &[PromptText<'_>], findings: &mut Vec<Finding>) -> Vec<Block> {
        let policies = self.compiled.request.iter();
        policies
            .filter_map(|policy| policy.judge(texts, findings))
            .collect()
    }

    fn scan(
        &self,
        rules: &Rules,
        index: usize,
        (text, label): (&str, &str),
        code: &'static str,
        findings: &mut Vec<Finding>,
    ) -> (Option<Rewrite>, Option<Block>) {
        let mut scanner = Scanner::labeled(label);
        let out = scanner.push(rules, text, true);
        for finding in scanner.findings {
            for _ in 0..finding.count {
                count(findings, finding.policy, finding.kind, finding.level);
            }
        }
        let block = scanner
            .blocked_by
            .map(|blocked| self.compiled.block_of(rules, blocked, code));
        let rewrite = (!scanner.spans.is_empty()).then_some(Rewrite {
            index,
            text: out,
            spans: scanner.spans,
        });
        (rewrite, block)
    }
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chain")
            .field("kinds", &self.kinds())
            .finish_non_exhaustive()
    }
}
