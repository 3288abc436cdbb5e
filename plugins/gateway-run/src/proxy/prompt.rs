//! The request side of the chain: every text of a request is judged, each alone
//! and the parts of one message together, and so are the keys.

use super::leaves::{Leaf, Step, keys, leaves, rename, replace};
use super::parts::{Joined, join};
use super::refuse::Refusal;
use super::trace::Trace;
use kt_policy::{Chain, Decision, Text, Verdict};
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a request consists of.
struct Found {
    texts: Vec<(String, Leaf)>,
    joined: Vec<Joined>,
    keys: Vec<String>,
}

struct Judged {
    alone: Verdict,
    joined: Verdict,
    keys: Verdict,
}

/// Judges a request and rewrites what is to be redacted.
///
/// # Errors
/// The refusal, when a policy blocks it, or the evaluation fails under the fail
/// mode `block`.
pub(crate) fn inspect(request: &mut Value, trace: &Trace, fail_open: bool) -> Result<(), Refusal> {
    if !trace.snapshot.enforces() {
        return Ok(());
    }
    let chain = &trace.snapshot.chain;
    if !chain.inspects_prompts() {
        trace.judged(&chain.inspect_prompt(&[]), "input");
        return Ok(());
    }
    let texts = texts_of(request);
    let found = Found {
        joined: join(&texts),
        keys: keys(request),
        texts,
    };
    let Ok(judged) = catch_unwind(AssertUnwindSafe(|| judge(chain, &found))) else {
        tracing::error!(request_id = %trace.id, fail_open, "the evaluation of a request failed");
        return if fail_open {
            Ok(())
        } else {
            Err(Refusal::undecided())
        };
    };
    let whole = together(&judged);
    trace.judged(&whole, "input");
    if let Decision::Block(block) = &whole.decision {
        return Err(Refusal::blocked(block));
    }
    rewrite(request, &found, judged);
    Ok(())
}

fn judge(chain: &Chain, found: &Found) -> Judged {
    let alone: Vec<Text<'_>> = found
        .texts
        .iter()
        .map(|(role, leaf)| Text {
            role,
            text: &leaf.text,
        })
        .collect();
    let joined: Vec<Text<'_>> = found
        .joined
        .iter()
        .map(|j| Text {
            role: &j.role,
            text: &j.text,
        })
        .collect();
    let keys: Vec<Text<'_>> = found
        .keys
        .iter()
        .map(|key| Text {
            role: "user",
            text: key,
        })
        .collect();
    Judged {
        alone: chain.inspect_prompt(&alone),
        joined: chain.inspect_prompt(&joined),
        keys: chain.inspect_prompt(&keys),
    }
}

/// One verdict of the three; what is found in parts joined was mostly found in
/// the parts, and is counted once.
fn together(judged: &Judged) -> Verdict {
    let mut findings = judged.alone.findings.clone();
    for finding in judged.joined.findings.iter().chain(&judged.keys.findings) {
        let known =
            |f: &&mut kt_policy::Finding| f.policy == finding.policy && f.kind == finding.kind;
        match findings.iter_mut().find(known) {
            Some(known) => known.count = known.count.max(finding.count),
            None => findings.push(finding.clone()),
        }
    }
    let all = [&judged.alone, &judged.joined, &judged.keys];
    let blocked = all
        .iter()
        .find(|v| matches!(v.decision, Decision::Block(_)));
    let redacted = all.iter().find(|v| v.decision == Decision::Redact);
    let decision = blocked
        .or(redacted)
        .map_or(Decision::Allow, |v| v.decision.clone());
    Verdict {
        decision,
        rewrites: Vec::new(),
        findings,
    }
}

fn rewrite(request: &mut Value, found: &Found, judged: Judged) {
    let mut texts: Vec<Option<String>> = vec![None; found.texts.len()];
    let mut alone = judged.alone.rewrites;
    for rewritten in judged.joined.rewrites {
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
    let names: Vec<(String, String)> = judged
        .keys
        .rewrites
        .into_iter()
        .filter_map(|r| Some((found.keys.get(r.index)?.clone(), r.text)))
        .collect();
    if !names.is_empty() {
        rename(request, &names);
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
