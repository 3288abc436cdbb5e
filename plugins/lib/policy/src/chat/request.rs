//! The request side of the chain: the texts of a request are evaluated each on their own and
//! joined per message, and so are the object keys.

use super::joined_text::{JoinedText, join_parts};
use super::text_value::{
    PathSegment, TextValue, object_keys, rename_keys, replace_text, text_values,
};
use crate::chain::{Chain, Decision, Evaluation, Finding, PromptText};
use serde_json::Value;

/// The texts of a request.
#[derive(Default)]
struct RequestTexts {
    single: Vec<(String, TextValue)>,
    joined: Vec<JoinedText>,
    keys: Vec<String>,
}

/// The evaluation of a request, with what is needed to rewrite it.
pub struct EvaluatedRequest {
    texts: RequestTexts,
    single: Evaluation,
    joined: Evaluation,
    keys: Evaluation,
}

/// Evaluates a chat request as a whole.
#[must_use]
pub fn evaluate_request(chain: &Chain, request: &Value) -> EvaluatedRequest {
    let texts = if chain.inspects_prompts() {
        RequestTexts::from_request(request)
    } else {
        RequestTexts::default()
    };
    let single = texts.single.iter().map(|(role, value)| (role, &value.text));
    let joined = texts.joined.iter().map(|j| (&j.role, &j.text));
    let user = "user".to_owned();
    let keys = texts.keys.iter().map(|key| (&user, key));
    EvaluatedRequest {
        single: inspect(chain, single),
        joined: inspect(chain, joined),
        keys: inspect(chain, keys),
        texts,
    }
}

fn inspect<'t>(chain: &Chain, texts: impl Iterator<Item = (&'t String, &'t String)>) -> Evaluation {
    let texts: Vec<PromptText<'_>> = texts
        .map(|(role, text)| PromptText { role, text })
        .collect();
    chain.inspect_prompt(&texts)
}

impl RequestTexts {
    fn from_request(request: &Value) -> Self {
        let single = single_texts(request);
        Self {
            joined: join_parts(&single),
            keys: object_keys(request),
            single,
        }
    }
}

impl EvaluatedRequest {
    /// Combines the three evaluations. A match in the joined text is mostly a match in a
    /// part too, so it is counted once.
    #[must_use]
    pub fn evaluation(&self) -> Evaluation {
        let mut findings = self.single.findings.clone();
        for finding in self.joined.findings.iter().chain(&self.keys.findings) {
            let same = |f: &&mut Finding| f.policy == finding.policy && f.kind == finding.kind;
            match findings.iter_mut().find(same) {
                Some(existing) => existing.count = existing.count.max(finding.count),
                None => findings.push(finding.clone()),
            }
        }
        let all = [&self.single, &self.joined, &self.keys];
        let blocked = all
            .iter()
            .find(|v| matches!(v.decision, Decision::Block(_)));
        let redacted = all.iter().find(|v| v.decision == Decision::Redact);
        let decision = blocked
            .or(redacted)
            .map_or(Decision::Allow, |v| v.decision.clone());
        Evaluation {
            decision,
            rewrites: Vec::new(),
            findings,
        }
    }

    /// Redacts the request that was evaluated.
    pub fn rewrite(self, request: &mut Value) {
        let texts = self.texts;
        let mut new_texts: Vec<Option<String>> = vec![None; texts.single.len()];
        let mut single = self.single.rewrites;
        for rewritten in self.joined.rewrites {
            let Some(joined) = texts.joined.get(rewritten.index) else {
                continue;
            };
            for (index, text) in joined.split(&rewritten.spans, &single) {
                if let Some(new_text) = new_texts.get_mut(index) {
                    *new_text = Some(text);
                }
                single.retain(|r| r.index != index);
            }
        }
        for rewritten in single {
            if let Some(new_text) = new_texts.get_mut(rewritten.index) {
                *new_text = Some(rewritten.text);
            }
        }
        for ((_, value), text) in texts.single.iter().zip(new_texts) {
            if let Some(text) = text {
                replace_text(request, &value.path, text);
            }
        }
        let names: Vec<(String, String)> = self
            .keys
            .rewrites
            .into_iter()
            .filter_map(|r| Some((texts.keys.get(r.index)?.clone(), r.text)))
            .collect();
        if !names.is_empty() {
            rename_keys(request, &names);
        }
    }
}

/// Returns every text of the request with its role. Only a message can be the caller's own
/// instruction; any other text, such as the description of a tool, may come from anywhere.
fn single_texts(request: &Value) -> Vec<(String, TextValue)> {
    let messages = request.get("messages").and_then(Value::as_array);
    let role_at = |position: usize| {
        let role = messages
            .and_then(|m| m.get(position)?.get("role")?.as_str())
            .unwrap_or("user");
        // The detectors inspect what users and tools wrote. A caller can write the messages
        // of the assistant as well.
        if matches!(role, "system" | "developer" | "tool") {
            role
        } else {
            "user"
        }
    };
    text_values(request)
        .into_iter()
        .filter(|value| !matches!(value.path.as_slice(), [PathSegment::Key(key)] if key == "model"))
        .map(|value| {
            let role = match value.path.as_slice() {
                [
                    PathSegment::Key(key),
                    PathSegment::Item { position, .. },
                    ..,
                ] if key == "messages" => role_at(*position),
                _ => "user",
            };
            (role.to_owned(), value)
        })
        .collect()
}
