//! The phases before the texts of a request: its caller, and its route.

use super::evaluation::{Block, Decision, Evaluation, Finding};
use super::phases::Caller;
use super::prompt::Chain;
use crate::model::Target;

/// The evaluation of a route.
#[derive(Debug)]
pub struct EvaluatedRoute<U> {
    /// The upstreams that may receive the request, in their order.
    pub upstreams: Vec<U>,
    /// Whether the request is refused, and what was found.
    pub evaluation: Evaluation,
}

impl Chain {
    /// Whether any policy judges callers. When not, nobody need know their addresses.
    #[must_use]
    pub fn inspects_callers(&self) -> bool {
        !self.compiled.caller.is_empty()
    }

    /// Judges who sends a request.
    #[must_use]
    pub fn evaluate_caller(&self, caller: &Caller<'_>) -> Evaluation {
        let policies = self.compiled.caller.iter();
        let refusals = policies.filter_map(|policy| policy.judge(caller)).collect();
        evaluation(Vec::new(), self.first(refusals))
    }

    /// Whether a request may be sent to an upstream that no other upstream of the model replaces.
    #[must_use]
    pub fn permits(&self, target: &Target) -> bool {
        let mut policies = self.compiled.route.iter();
        policies.all(|policy| policy.permits(target) || policy.none_permitted().is_ok())
    }

    /// Judges the upstreams of a model. A policy that would leave none refuses the request, or
    /// leaves all.
    #[must_use]
    pub fn evaluate_route<U>(
        &self,
        mut upstreams: Vec<U>,
        target: impl Fn(&U) -> &Target,
    ) -> EvaluatedRoute<U> {
        let mut findings = Vec::new();
        let mut refusals = Vec::new();
        for policy in &self.compiled.route {
            if upstreams
                .iter()
                .any(|upstream| policy.permits(target(upstream)))
            {
                upstreams.retain(|upstream| policy.permits(target(upstream)));
            } else if !upstreams.is_empty() {
                match policy.none_permitted() {
                    Ok(finding) => findings.push(finding),
                    Err(block) => refusals.push(block),
                }
            }
        }
        EvaluatedRoute {
            upstreams,
            evaluation: evaluation(findings, self.first(refusals)),
        }
    }

    /// Returns the refusal of the policy that stands first in the chain.
    pub(super) fn first(&self, refusals: Vec<Block>) -> Option<Block> {
        refusals
            .into_iter()
            .min_by_key(|block| self.compiled.position(block.policy))
    }
}

fn evaluation(findings: Vec<Finding>, refusal: Option<Block>) -> Evaluation {
    Evaluation {
        decision: refusal.map_or(Decision::Allow, Decision::Block),
        rewrites: Vec::new(),
        findings,
    }
}
