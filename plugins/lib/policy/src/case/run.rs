//! Evaluation of a case.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Case, Expected};
use crate::chain::{Block, Caller, Chain, Decision, Evaluation, Finding, merge_findings};
use crate::chat::{
    EvaluatedDocument, TextExplanation, evaluate_request, evaluate_response, explain_request,
    explain_response,
};
use crate::json::JsonError;
use crate::model::{Document, PolicyKind};

/// The evaluated side; the same words as in the gateway's audit records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Phase {
    /// The request.
    Input,
    /// The response.
    Output,
}

/// The evaluations of a case, as a gateway reports them.
#[derive(Debug, Clone)]
pub struct CaseOutcome {
    evaluations: Vec<(Phase, Evaluation)>,
}

impl Case {
    /// Evaluates the request by the chain of a document, and the response if there is one and the
    /// request is not blocked: a gateway does not send a blocked request to the upstream.
    #[must_use]
    pub fn run(&self, document: &Document, chain: &Chain) -> CaseOutcome {
        let input = self.input(document, chain);
        let blocked = matches!(input.decision, Decision::Block(_));
        let mut evaluations = vec![(Phase::Input, input)];
        if let Some(text) = self.upstream_response.as_ref().filter(|_| !blocked) {
            let output = evaluation_of(evaluate_response(chain, &response_of(text)));
            evaluations.push((Phase::Output, output));
        }
        CaseOutcome { evaluations }
    }
}

impl Case {
    /// Evaluates the caller, the route and the texts, up to the first refusal.
    fn input(&self, document: &Document, chain: &Chain) -> Evaluation {
        if let Some(peer) = self.caller_address {
            let caller = Caller {
                peer,
                forwarded_for: &[],
            };
            let evaluation = chain.evaluate_caller(&caller);
            if evaluation.decision != Decision::Allow {
                return evaluation;
            }
        }
        let providers = document.providers.as_ref().zip(self.model.as_deref());
        let upstreams = providers.map(|(providers, model)| providers.route(model));
        let route = chain.evaluate_route(upstreams.unwrap_or_default(), |target| target);
        if route.evaluation.decision != Decision::Allow {
            return route.evaluation;
        }
        let mut evaluation = evaluation_of(evaluate_request(chain, &self.request()));
        merge_findings(&mut evaluation.findings, &route.evaluation.findings);
        evaluation
    }
}

impl Case {
    /// Returns what decided about the texts of the request and of the response, as a list of JSON
    /// with the phase, the message, the policy and what was found. It quotes the texts.
    #[must_use]
    pub fn explain(&self, chain: &Chain) -> Value {
        let request = explain_request(chain, &self.request());
        let response = self.upstream_response.as_ref();
        let response = response.map(|text| explain_response(chain, &response_of(text)));
        let of = |phase: Phase, found: Result<Vec<TextExplanation>, JsonError>| {
            let found = found.unwrap_or_default().into_iter();
            found.map(move |one| {
                let mut value = json!(one);
                value["phase"] = json!(phase);
                value
            })
        };
        let response = response
            .into_iter()
            .flat_map(|found| of(Phase::Output, found));
        of(Phase::Input, request).chain(response).collect()
    }

    fn request(&self) -> String {
        json!({ "messages": self.messages }).to_string()
    }
}

fn response_of(text: &str) -> String {
    let message = json!({ "role": "assistant", "content": text });
    json!({ "choices": [{ "index": 0, "message": message }] }).to_string()
}

/// A document that was just written is JSON; only one that is nested too deep
/// is not accepted, and no text of it is found.
fn evaluation_of(evaluated: Result<EvaluatedDocument, JsonError>) -> Evaluation {
    let nothing = |_| Evaluation {
        decision: Decision::Allow,
        rewrites: Vec::new(),
        findings: Vec::new(),
    };
    evaluated.map_or_else(nothing, |document| document.evaluation)
}

impl CaseOutcome {
    /// Returns the decision: `allow`, `redact` or `block`.
    #[must_use]
    pub fn decision(&self) -> &'static str {
        let decisions = self
            .evaluations
            .iter()
            .map(|(_, evaluation)| &evaluation.decision);
        let severity = |decision: &&Decision| match decision {
            Decision::Allow => 0,
            Decision::Redact => 1,
            Decision::Block(_) => 2,
        };
        decisions
            .max_by_key(severity)
            .map_or("allow", Decision::as_str)
    }

    /// Returns the block, if the request or the response is blocked.
    #[must_use]
    pub fn block(&self) -> Option<&Block> {
        self.evaluations
            .iter()
            .find_map(|(_, evaluation)| match &evaluation.decision {
                Decision::Block(block) => Some(block),
                _ => None,
            })
    }

    /// Returns the reason code of the block.
    #[must_use]
    pub fn reason_code(&self) -> Option<&'static str> {
        self.block().map(|block| block.reason)
    }

    /// Whether this is the expected evaluation.
    #[must_use]
    pub fn matches(&self, expected: &Expected) -> bool {
        let reason_matches = expected
            .reason_code
            .as_ref()
            .is_none_or(|code| code.as_deref() == self.reason_code());
        self.decision() == expected.verdict.as_str() && reason_matches
    }

    /// Returns the blocking policy and its code, the result of each policy of the chain (`block`,
    /// `redact` or `pass`, as in the gateway's metrics), and the findings.
    #[must_use]
    pub fn details(&self, chain: &Chain) -> Value {
        let policy_results = |(phase, evaluation): &(Phase, Evaluation)| {
            let kinds = chain.kinds().iter();
            let result = |kind: &PolicyKind| json!({ "phase": phase, "policy": kind, "result": evaluation.result_of(*kind) });
            kinds.map(result).collect::<Vec<_>>()
        };
        let findings = |(phase, evaluation): &(Phase, Evaluation)| {
            let finding = |f: &Finding| json!({ "phase": phase, "policy": f.policy, "kind": f.kind, "count": f.count });
            evaluation.findings.iter().map(finding).collect::<Vec<_>>()
        };
        json!({
            "policy": self.block().map(|block| block.policy),
            "code": self.block().map(|block| block.code),
            "policy_results": self.evaluations.iter().flat_map(policy_results).collect::<Vec<_>>(),
            "findings": self.evaluations.iter().flat_map(findings).collect::<Vec<_>>(),
        })
    }
}
