//! What a gateway makes of a case.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Case, Expected};
use crate::chain::{Block, Chain, Decision, Evaluation, Finding};
use crate::chat::{Filters, filter_answer, judge};
use crate::model::PolicyKind;

/// What was judged; the words of the gateway's audit records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Phase {
    /// The request.
    Input,
    /// The answer.
    Output,
}

/// What a gateway makes of a case, in the words that it reports.
#[derive(Debug, Clone)]
pub struct Outcome {
    judged: Vec<(Phase, Evaluation)>,
}

impl Case {
    /// Judges the request, and the answer where there is one: that of a refused
    /// request is never asked for.
    #[must_use]
    pub fn run(&self, chain: &Chain) -> Outcome {
        let request = json!({ "messages": self.messages });
        let input = judge(chain, &request).verdict();
        let refused = matches!(input.decision, Decision::Block(_));
        let mut judged = vec![(Phase::Input, input)];
        if let Some(text) = self.upstream_response.as_ref().filter(|_| !refused) {
            judged.push((Phase::Output, answer(chain, text)));
        }
        Outcome { judged }
    }
}

fn answer(chain: &Chain, text: &str) -> Evaluation {
    let Some(mut filters) = Filters::new(chain) else {
        return Evaluation {
            decision: Decision::Allow,
            rewrites: Vec::new(),
            findings: Vec::new(),
        };
    };
    let message = json!({ "role": "assistant", "content": text });
    let mut answer = json!({ "choices": [{ "index": 0, "message": message }] });
    let block = filter_answer(&mut answer, &mut filters).err();
    filters.verdict(block.as_ref())
}

impl Outcome {
    /// `allow`, `redact` or `block`.
    #[must_use]
    pub fn verdict(&self) -> &'static str {
        let decisions = self.judged.iter().map(|(_, v)| &v.decision);
        let weight = |decision: &&Decision| match decision {
            Decision::Allow => 0,
            Decision::Redact => 1,
            Decision::Block(_) => 2,
        };
        decisions
            .max_by_key(weight)
            .map_or("allow", Decision::as_str)
    }

    /// The refusal, if it was refused.
    #[must_use]
    pub fn block(&self) -> Option<&Block> {
        self.judged.iter().find_map(|(_, v)| match &v.decision {
            Decision::Block(block) => Some(block),
            _ => None,
        })
    }

    /// The reason code of the refusal.
    #[must_use]
    pub fn reason_code(&self) -> Option<&'static str> {
        self.block().map(|block| block.reason)
    }

    /// Whether this is what a case expects.
    #[must_use]
    pub fn meets(&self, expected: &Expected) -> bool {
        let reason = expected
            .reason_code
            .as_ref()
            .is_none_or(|code| code.as_deref() == self.reason_code());
        self.verdict() == expected.verdict.as_str() && reason
    }

    /// Who refused it and with which code, what each policy of the chain had to
    /// do with it (`block`, `redact` or `pass`, as the gateway's metrics count
    /// it), and what was found.
    #[must_use]
    pub fn details(&self, chain: &Chain) -> Value {
        let of_phase = |(phase, verdict): &(Phase, Evaluation)| {
            let kinds = chain.kinds().iter();
            let result = |kind: &PolicyKind| json!({ "phase": phase, "policy": kind, "result": verdict.result_of(*kind) });
            kinds.map(result).collect::<Vec<_>>()
        };
        let found = |(phase, verdict): &(Phase, Evaluation)| {
            let finding = |f: &Finding| json!({ "phase": phase, "policy": f.policy, "kind": f.kind, "count": f.count });
            verdict.findings.iter().map(finding).collect::<Vec<_>>()
        };
        json!({
            "policy": self.block().map(|block| block.policy),
            "code": self.block().map(|block| block.code),
            "policy_results": self.judged.iter().flat_map(of_phase).collect::<Vec<_>>(),
            "findings": self.judged.iter().flat_map(found).collect::<Vec<_>>(),
        })
    }
}
