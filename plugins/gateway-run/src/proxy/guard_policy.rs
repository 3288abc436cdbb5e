//! The policies whose verdict comes from elsewhere: they judge what the others have left.

use super::evaluation::off_loop;
use super::request_context::RequestContext;
use crate::guard::judge;
use crate::snapshot::Snapshot;
use kt_policy::chat::{self, EvaluatedDocument};
use kt_policy::json::JsonError;
use kt_policy::{Decision, Direction, Evaluation, merge_findings};
use std::sync::Arc;

/// Which guards are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timing {
    /// Those whose verdict is awaited before anything is sent.
    Before,
    /// Those that judge while the upstream receives the request.
    Parallel,
}

/// What guards say of a document.
pub(super) enum Judged {
    /// There are none of this direction.
    No,
    /// The evaluation, or why the document has none.
    Yes(Result<EvaluatedDocument, JsonError>),
    /// The evaluation panicked.
    Failed,
}

/// Evaluates a document by the guards of its direction.
pub(super) async fn evaluate(
    document: &str,
    direction: Direction,
    timing: Timing,
    context: &RequestContext,
) -> Judged {
    let snapshot = &context.snapshot;
    let guards = guards(snapshot, direction, timing);
    if guards.is_empty() {
        return Judged::No;
    }
    // Boxed: its state would be part of every request, and is larger than the rest of it.
    Box::pin(ask(document, direction, guards, context)).await
}

/// Asks guards, and evaluates what they have found.
async fn ask(
    document: &str,
    direction: Direction,
    guards: Vec<usize>,
    context: &RequestContext,
) -> Judged {
    let snapshot = &context.snapshot;
    let texts = off_loop(document, move |document| {
        chat::guard_texts(document, direction)
    });
    let texts = match texts.await {
        Some(Ok(texts)) => texts,
        Some(Err(error)) => return Judged::Yes(Err(error)),
        None => return Judged::Failed,
    };
    let judgments = judge(snapshot, guards, texts, &context.judge_context(direction)).await;
    let snapshot = Arc::clone(snapshot);
    let evaluated = off_loop(document, move |document| {
        chat::evaluate_guards(&snapshot.chain, document, direction, &judgments)
    });
    evaluated.await.map_or(Judged::Failed, Judged::Yes)
}

/// Whether any guard is asked.
pub(super) fn has_guards(context: &RequestContext, direction: Direction, timing: Timing) -> bool {
    !guards(&context.snapshot, direction, timing).is_empty()
}

fn guards(snapshot: &Snapshot, direction: Direction, timing: Timing) -> Vec<usize> {
    let guards = snapshot.chain.guards().iter().enumerate();
    let parallel = timing == Timing::Parallel;
    guards
        .filter(|(_, guard)| guard.judges(direction))
        .filter(|(_, guard)| direction == Direction::Response || guard.parallel == parallel)
        .map(|(index, _)| index)
        .collect()
}

/// Combines the evaluation of the other policies, which did not block, with that of the guards.
pub(super) fn combine(first: &Evaluation, second: &Evaluation) -> Evaluation {
    let mut findings = first.findings.clone();
    merge_findings(&mut findings, &second.findings);
    let decision = match (&first.decision, &second.decision) {
        (decision, Decision::Allow) => decision,
        (_, decision) => decision,
    };
    Evaluation {
        decision: decision.clone(),
        rewrites: Vec::new(),
        findings,
    }
}
