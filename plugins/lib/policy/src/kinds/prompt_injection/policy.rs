//! The policy.

use super::score::{Injection, Judgement};
use super::settings::{ACTION, BLOCK_SCORE, FLAG_SCORE, InjectionAction, PromptInjection};
use crate::chain::{Block, Build, Explanation, Finding, Policy, PromptText, RequestPhase, count};
use crate::model::PolicyKind;

/// The reason code of a refusal.
const REASON: &str = "prompt_injection.detected";

impl Policy for PromptInjection {
    const KIND: PolicyKind = PolicyKind::new("prompt-injection");
    const REASON: Option<&'static str> = Some(REASON);

    fn compile(&self, build: &mut Build<'_>) {
        let detection = self.detection.as_ref();
        let scores = (
            detection.and_then(|d| d.block_score).unwrap_or(BLOCK_SCORE),
            detection.and_then(|d| d.flag_score).unwrap_or(FLAG_SCORE),
        );
        let own = detection.and_then(|d| d.attack_patterns.as_deref());
        let own = build.weigh("detection.attack_patterns", own.unwrap_or_default());
        let response = self.response.as_ref();
        build.request(Guard {
            action: response.and_then(|r| r.action).unwrap_or(ACTION),
            message: response
                .and_then(|r| r.message.clone())
                .unwrap_or_else(|| format!("refused by the policy {}", Self::KIND)),
            injection: Injection::new(self.encoding.clone().unwrap_or_default(), &own, scores),
        });
    }
}

/// The request phase.
struct Guard {
    action: InjectionAction,
    message: String,
    injection: Injection,
}

impl RequestPhase for Guard {
    fn judge(&self, text: &PromptText<'_>, findings: &mut Vec<Finding>) -> Option<Block> {
        if !is_judged(text) {
            return None;
        }
        let is_attack = match self.injection.judge(text.text) {
            Judgement::Harmless => false,
            Judgement::Suspected => {
                count(findings, PromptInjection::KIND, "suspected", None);
                false
            }
            Judgement::Attack(kind) => {
                count(findings, PromptInjection::KIND, kind, None);
                true
            }
        };
        (is_attack && self.action == InjectionAction::Block).then(|| Block {
            policy: PromptInjection::KIND,
            code: "input_blocked",
            message: self.message.clone(),
            reason: REASON,
        })
    }

    fn explain(&self, text: &PromptText<'_>) -> Option<Explanation> {
        let reason = self
            .injection
            .explain(text.text)
            .filter(|_| is_judged(text))?;
        let kind = PromptInjection::KIND;
        let setting = |item| format!("policy.{kind}.detection.attack_patterns[{item}]");
        Some(Explanation {
            policy: kind,
            kind: reason.kind,
            setting: reason.pattern.map(setting),
            found: reason.found,
            score: reason.score,
        })
    }
}

/// What the operator and the model wrote is not an attack on them, and what is decoded was read when
/// the encoded text was judged.
fn is_judged(text: &PromptText<'_>) -> bool {
    !matches!(text.role, "system" | "developer" | "assistant" | "decoded")
}
