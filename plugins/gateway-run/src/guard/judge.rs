//! Asking guards.

use super::context::JudgeContext;
use super::{http, plugin};
use crate::plugin_calls::CallError;
use crate::snapshot::{GuardClient, Snapshot};
use kt_policy::{Guard, GuardFailure, GuardService, GuardText, Judged, Judgment};
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinSet;

/// Asks the guards with these indexes at the same time. If the result is dropped, so are the
/// questions.
pub(crate) async fn judge(
    snapshot: &Arc<Snapshot>,
    guards: Vec<usize>,
    texts: Vec<GuardText>,
    context: &JudgeContext,
) -> Vec<(usize, Judgment)> {
    let texts: Arc<[GuardText]> = texts.into();
    let mut questions = JoinSet::new();
    for index in guards.iter().copied() {
        let (snapshot, texts) = (Arc::clone(snapshot), Arc::clone(&texts));
        let context = context.clone();
        questions.spawn_local(async move {
            let judgment = ask(&snapshot, index, &texts, &context).await;
            (index, judgment)
        });
    }
    let mut judgments = Vec::new();
    while let Some(judgment) = questions.join_next().await {
        judgments.extend(judgment.ok());
    }
    complete(&guards, judgments)
}

/// Returns the judgments in order, with a failure for each guard without one: a question that
/// panicked must not let the texts pass.
fn complete(guards: &[usize], mut judgments: Vec<(usize, Judgment)>) -> Vec<(usize, Judgment)> {
    for index in guards {
        if judgments.iter().all(|(judged, _)| judged != index) {
            judgments.push((*index, Err(GuardFailure::Unavailable)));
        }
    }
    judgments.sort_by_key(|(index, _)| *index);
    judgments
}

async fn ask(
    snapshot: &Snapshot,
    index: usize,
    texts: &[GuardText],
    context: &JudgeContext,
) -> Judgment {
    let guard = &snapshot.chain.guards()[index];
    let started = Instant::now();
    let answer = answer(guard, &snapshot.guards[index], texts, context).await;
    let result = answer
        .as_ref()
        .map_or_else(|e| e.failure.as_str(), |_| "ok");
    let policy = guard.policy.as_str();
    context
        .metrics
        .guard_call(policy, result, started.elapsed());
    answer.map_err(|error| {
        tracing::warn!(
            policy,
            request_id = %context.request_id,
            fail_mode = guard.fail_mode.as_str(),
            "a guard has no verdict ({}): {}",
            error.failure.as_str(),
            error.message
        );
        error.failure
    })
}

async fn answer(
    guard: &Guard,
    client: &GuardClient,
    texts: &[GuardText],
    context: &JudgeContext,
) -> Result<Vec<Judged>, CallError> {
    match (&guard.service, client) {
        (GuardService::Plugin { settings, .. }, GuardClient::Plugin(lane)) => {
            plugin::judge(guard, (lane, settings), texts, context).await
        }
        (GuardService::Http(http), GuardClient::Http(client)) => {
            http::judge(guard, (http, client), texts, context).await
        }
        // A snapshot connects each guard with its own service.
        _ => Err(CallError::new(
            GuardFailure::Unavailable,
            "it is not connected",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::complete;
    use kt_policy::GuardFailure;

    #[test]
    fn a_guard_without_a_judgment_has_failed() {
        let judged = complete(&[2, 0, 1], vec![(1, Ok(Vec::new()))]);
        let failed = Err(GuardFailure::Unavailable);
        let expected = [(0, failed.clone()), (1, Ok(Vec::new())), (2, failed)];
        assert_eq!(judged, expected);
    }
}
