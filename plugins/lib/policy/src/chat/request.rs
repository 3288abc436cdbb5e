//! The request side of the chain: every text of a request is judged, each alone
//! and the parts of one message together, and so are the keys.

use super::leaves::{Leaf, Step, keys, leaves, rename, replace};
use super::parts::{Joined, join};
use crate::chain::{Chain, Decision, Evaluation, Finding, Text};
use serde_json::Value;

/// What a request consists of.
#[derive(Default)]
struct Found {
    texts: Vec<(String, Leaf)>,
    joined: Vec<Joined>,
    keys: Vec<String>,
}

/// A request that was judged.
pub struct Judged {
    found: Found,
    alone: Evaluation,
    joined: Evaluation,
    keys: Evaluation,
}

/// Judges a chat request as a whole.
#[must_use]
pub fn judge(chain: &Chain, request: &Value) -> Judged {
    let found = if chain.inspects_prompts() {
        Found::of(request)
    } else {
        Found::default()
    };
    let alone = found.texts.iter().map(|(role, leaf)| (role, &leaf.text));
    let joined = found.joined.iter().map(|j| (&j.role, &j.text));
    let user = "user".to_owned();
    let keys = found.keys.iter().map(|key| (&user, key));
    Judged {
        alone: inspect(chain, alone),
        joined: inspect(chain, joined),
        keys: inspect(chain, keys),
        found,
    }
}

fn inspect<'t>(chain: &Chain, texts: impl Iterator<Item = (&'t String, &'t String)>) -> Evaluation {
    let texts: Vec<Text<'_>> = texts.map(|(role, text)| Text { role, text }).collect();
    chain.inspect_prompt(&texts)
}

impl Found {
    fn of(request: &Value) -> Self {
        let texts = texts_of(request);
        Self {
            joined: join(&texts),
            keys: keys(request),
            texts,
        }
    }
}

impl Judged {
    /// One verdict of the three; what is found in parts joined was mostly found
    /// in the parts, and is counted once.
    #[must_use]
    pub fn verdict(&self) -> Evaluation {
        let mut findings = self.alone.findings.clone();
        for finding in self.joined.findings.iter().chain(&self.keys.findings) {
            let known = |f: &&mut Finding| f.policy == finding.policy && f.kind == finding.kind;
            match findings.iter_mut().find(known) {
                Some(known) => known.count = known.count.max(finding.count),
                None => findings.push(finding.clone()),
            }
        }
        let all = [&self.alone, &self.joined, &self.keys];
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

    /// Rewrites the request that was judged where something is to be redacted.
    pub fn rewrite(self, request: &mut Value) {
        let found = self.found;
        let mut texts: Vec<Option<String>> = vec![None; found.texts.len()];
        let mut alone = self.alone.rewrites;
        for rewritten in self.joined.rewrites {
            let Some(joined) = found.joined.get(rewritten.index) else {
                continue;
            };
            for (index, text) in joined.split(&rewritten.spans, &alone) {
                if let Some(place) = texts.get_mut(index) {
                    *place = Some(text);
                }
                alone.retain(|r| r.index != index);
            }
        }
        for rewritten in alone {
            if let Some(place) = texts.get_mut(rewritten.index) {
                *place = Some(rewritten.text);
            }
        }
        for ((_, leaf), text) in found.texts.iter().zip(texts) {
            if let Some(text) = text {
                replace(request, &leaf.steps, text);
            }
        }
        let names: Vec<(String, String)> = self
            .keys
            .rewrites
            .into_iter()
            .filter_map(|r| Some((found.keys.get(r.index)?.clone(), r.text)))
            .collect();
        if !names.is_empty() {
            rename(request, &names);
        }
    }
}

/// Every text of the request with the role it speaks in. Only a message can be
/// the caller's own instruction; whatever else there is, such as the description
/// of a tool, may have come from anywhere.
fn texts_of(request: &Value) -> Vec<(String, Leaf)> {
    let messages = request.get("messages").and_then(Value::as_array);
    let role_at = |place: usize| {
        let role = messages
            .and_then(|m| m.get(place)?.get("role")?.as_str())
            .unwrap_or("user");
        // The detectors judge what users and tools say. A caller can put words
        // into the mouth of the assistant as well.
        if matches!(role, "system" | "developer" | "tool") {
            role
        } else {
            "user"
        }
    };
    leaves(request)
        .into_iter()
        .filter(|leaf| !matches!(leaf.steps.as_slice(), [Step::Key(key)] if key == "model"))
        .map(|leaf| {
            let role = match leaf.steps.as_slice() {
                [Step::Key(key), Step::Item { place, .. }, ..] if key == "messages" => {
                    role_at(*place)
                }
                _ => "user",
            };
            (role.to_owned(), leaf)
        })
        .collect()
}
