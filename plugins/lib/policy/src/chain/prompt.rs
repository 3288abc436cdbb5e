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
use super::scanner::{Blocked, Scanner};
use crate::known_parts::{CallerScope, KnownParts};
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

    /// Returns the scope of a caller, which its credential identifies: what is remembered of its
    /// requests is used for no other caller.
    #[must_use]
    pub fn caller_scope(&self, credential: &[u8]) -> CallerScope {
        self.compiled.known_parts.scope(credential)
    }

    /// Returns the parts of requests that were judged before.
    pub(crate) fn known_parts(&self) -> &KnownParts {
        &self.compiled.known_parts
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

    /// Returns the refusal of a text that cannot be rewritten: whatever is found in it refuses it,
    /// also where it would be redacted elsewhere.
    #[must_use]
    pub fn refusal(&self, text: &str, direction: Direction) -> Option<Block> {
        let rules = self.compiled.rules.as_ref()?;
        let mut scanner = Scanner::labeled("");
        scanner.push(rules, text, true);
        let found = scanner.matched.first();
        let found = found.map(|(pattern, _)| Blocked::Pattern(*pattern));
        let blocked = scanner.blocked_by.or(found)?;
        let code = match direction {
            Direction::Request => "input_blocked",
            Direction::Response => "output_blocked",
        };
        Some(self.compiled.block_of(rules, blocked, code))
    }

    /// A filter for the value of a key.
    pub(crate) fn labeled_filter(&self, label: &str) -> StreamFilter {
        StreamFilter::labeled(Arc::clone(&self.compiled), label)
    }

    /// Judges the texts of a request. Of several refusals, the one of the
    /// policy that stands first in the chain is given.
    #[must_use]
    pub fn inspect_prompt(&self, texts: &[PromptText<'_>]) -> Evaluation {
        let texts: Vec<_> = texts.iter().map(|text| (*text, "")).collect();
        self.inspect_labeled_prompt(&texts, |_| {})
    }

    /// Judges the texts of a request, each with its label. Calls `found` with the index of each in
    /// which something was found.
    pub(crate) fn inspect_labeled_prompt(
        &self,
        texts: &[(PromptText<'_>, &str)],
        found: impl FnMut(usize),
    ) -> Evaluation {
        let mut inspection = self.inspect_intents(texts.iter().map(|(text, _)| *text));
        let texts = texts.iter().map(|(text, label)| (text.text, *label));
        self.scan_texts(texts, "input_blocked", &mut inspection);
        inspection.found.iter().copied().for_each(found);
        inspection.evaluation(self)
    }

    /// Judges texts only by the request phase, such as the attacks of `prompt-injection`: they
    /// stand for no text that could be rewritten. Calls `found` as
    /// [`Chain::inspect_labeled_prompt`].
    pub(crate) fn inspect_intent(
        &self,
        texts: &[PromptText<'_>],
        found: impl FnMut(usize),
    ) -> Evaluation {
        let inspection = self.inspect_intents(texts.iter().copied());
        inspection.found.iter().copied().for_each(found);
        inspection.evaluation(self)
    }

    /// Judges the texts of a whole response, each with its label.
    pub(crate) fn inspect_response(&self, texts: &[(&str, &str)]) -> Evaluation {
        let mut inspection = Inspection::default();
        self.scan_texts(texts.iter().copied(), "output_blocked", &mut inspection);
        inspection.evaluation(self)
    }

    /// The request phase.
    fn inspect_intents<'t>(&self, texts: impl Iterator<Item = PromptText<'t>>) -> Inspection {
        let mut inspection = Inspection::default();
        if self.compiled.request.is_empty() {
            return inspection;
        }
        for (index, text) in texts.enumerate() {
            let before = inspection.count();
            for policy in &self.compiled.request {
                let block = policy.judge(&text, &mut inspection.findings);
                inspection.refusals.extend(block);
            }
            inspection.note(index, before);
        }
        inspection
    }

    fn scan_texts<'t>(
        &self,
        texts: impl Iterator<Item = (&'t str, &'t str)>,
        code: &'static str,
        inspection: &mut Inspection,
    ) {
        let Some(rules) = &self.compiled.rules else {
            return;
        };
        for (index, text) in texts.enumerate() {
            let before = inspection.count();
            let (rewrite, block) = self.scan(rules, index, text, code, &mut inspection.findings);
            inspection.rewrites.extend(rewrite);
            inspection.refusals.extend(block);
            inspection.note(index, before);
        }
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

/// Texts that are being judged.
#[derive(Default)]
struct Inspection {
    findings: Vec<Finding>,
    refusals: Vec<Block>,
    rewrites: Vec<Rewrite>,
    /// The texts in which something was found; some twice.
    found: Vec<usize>,
}

impl Inspection {
    /// The number of findings, of what changes, and of refusals.
    fn count(&self) -> usize {
        let findings = self.findings.iter().map(|finding| finding.count);
        findings.sum::<usize>() + self.rewrites.len() + self.refusals.len()
    }

    /// Notes a text in which more was found than `before`.
    fn note(&mut self, index: usize, before: usize) {
        if self.count() > before {
            self.found.push(index);
        }
    }

    fn evaluation(mut self, chain: &Chain) -> Evaluation {
        let decision = match chain.first(self.refusals) {
            Some(block) => Decision::Block(block),
            None if self.rewrites.is_empty() => Decision::Allow,
            None => Decision::Redact,
        };
        if matches!(decision, Decision::Block(_)) {
            self.rewrites.clear();
        }
        Evaluation {
            decision,
            rewrites: self.rewrites,
            findings: self.findings,
        }
    }
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chain")
            .field("kinds", &self.kinds())
            .finish_non_exhaustive()
    }
}
