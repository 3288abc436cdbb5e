//! The request side of the chain.

use super::leaves::{Leaf, leaves, replace};
use super::refuse::Refusal;
use super::trace::Trace;
use kt_policy::{Decision, Text, Verdict};
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Judges the messages of a request and rewrites what is to be redacted.
///
/// # Errors
/// The refusal, when a policy blocks it, or the evaluation fails under the fail
/// mode `block`.
pub(crate) fn inspect(request: &mut Value, trace: &Trace, fail_open: bool) -> Result<(), Refusal> {
    if !trace.snapshot.enforces() {
        return Ok(());
    }
    let found = texts_of(request);
    let texts: Vec<Text<'_>> = found
        .iter()
        .map(|(role, leaf)| Text {
            role,
            text: &leaf.text,
        })
        .collect();
    let chain = &trace.snapshot.chain;
    let Ok(verdict) = catch_unwind(AssertUnwindSafe(|| chain.inspect_prompt(&texts))) else {
        tracing::error!(request_id = %trace.id, fail_open, "the evaluation of a request failed");
        return if fail_open {
            Ok(())
        } else {
            Err(Refusal::undecided())
        };
    };
    trace.judged(&verdict, "input");
    apply(request, &found, verdict)
}

fn apply(request: &mut Value, found: &[(String, Leaf)], verdict: Verdict) -> Result<(), Refusal> {
    if let Decision::Block(block) = &verdict.decision {
        return Err(Refusal::blocked(block));
    }
    for rewrite in verdict.rewrites {
        if let Some((_, leaf)) = found.get(rewrite.index) {
            replace(request, &leaf.steps, rewrite.text);
        }
    }
    Ok(())
}

/// Every text under `messages` with the role of its message, and the caller's
/// `user` and `metadata`, which providers keep as well.
fn texts_of(request: &Value) -> Vec<(String, Leaf)> {
    let messages = request.get("messages").and_then(Value::as_array);
    let role_at = |place: usize| {
        messages
            .and_then(|m| m.get(place)?.get("role")?.as_str())
            .unwrap_or("user")
            .to_owned()
    };
    leaves(request)
        .into_iter()
        .filter_map(|leaf| {
            use super::leaves::Step;
            match leaf.steps.as_slice() {
                [Step::Key(key), Step::Item { place, .. }, ..] if key == "messages" => {
                    Some((role_at(*place), leaf))
                }
                [Step::Key(key), ..]
                    if matches!(
                        key.as_str(),
                        "user" | "metadata" | "tools" | "functions" | "prediction"
                    ) =>
                {
                    Some(("system".to_owned(), leaf))
                }
                _ => None,
            }
        })
        .collect()
}
