//! Requests and answers of `kt.policy/1`.

use super::context::JudgeContext;
use crate::plugin_calls::{CallError, PluginLane};
use kt_plugin_api::policy::{
    JudgeRequest, JudgeResult, JudgeText, TextDirection, TextSpan, TextVerdict, VerdictKind,
};
use kt_policy::{
    Direction, Guard, GuardFailure, GuardText, GuardVerdict, Judged, Span, resolve_verdicts,
};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Asks a plugin.
///
/// # Errors
/// Why there is no valid answer.
pub(super) async fn judge(
    guard: &Guard,
    (lane, settings): (&Arc<PluginLane>, &Map<String, Value>),
    texts: &[GuardText],
    context: &JudgeContext,
) -> Result<Vec<Judged>, CallError> {
    let request = || request(texts, settings, context);
    let answer = lane.call(request, guard.timeout).await?;
    resolve(texts, answer)
}

/// Returns the request about texts.
pub(super) fn request(
    texts: &[GuardText],
    settings: &Map<String, Value>,
    context: &JudgeContext,
) -> JudgeRequest {
    let direction = match context.direction {
        Direction::Request => TextDirection::Request,
        Direction::Response => TextDirection::Response,
    };
    let text = |(index, text): (usize, &GuardText)| JudgeText {
        index,
        direction,
        role: text.role.clone(),
        text: text.text.clone(),
    };
    JudgeRequest {
        request_id: context.request_id.clone(),
        model: context.model.clone(),
        consumer: context.consumer.clone(),
        settings: settings.clone(),
        texts: texts.iter().enumerate().map(text).collect(),
    }
}

/// Checks an answer about texts.
///
/// # Errors
/// Why it is not valid.
pub(crate) fn resolve(texts: &[GuardText], answer: JudgeResult) -> Result<Vec<Judged>, CallError> {
    let verdicts = answer.verdicts.into_iter().map(verdict);
    let verdicts: Result<Vec<(usize, GuardVerdict)>, String> = verdicts.collect();
    let texts: Vec<&str> = texts.iter().map(|text| &*text.text).collect();
    let judged = verdicts.and_then(|verdicts| resolve_verdicts(&texts, verdicts));
    judged.map_err(|error| {
        let message = format!("its answer is not valid: {error}");
        CallError::new(GuardFailure::InvalidAnswer, message)
    })
}

fn verdict(verdict: TextVerdict) -> Result<(usize, GuardVerdict), String> {
    let TextVerdict {
        index,
        verdict,
        spans,
        reason,
    } = verdict;
    let span = |span: TextSpan| Span {
        start: span.start,
        end: span.end,
        label: span.label,
    };
    let verdict = match verdict {
        VerdictKind::Allow => GuardVerdict::Allow,
        VerdictKind::Block => GuardVerdict::Block(reason),
        VerdictKind::Redact if spans.is_empty() => {
            return Err(format!("the verdict `redact` on text {index} has no spans"));
        }
        VerdictKind::Redact => GuardVerdict::Redact(spans.into_iter().map(span).collect()),
    };
    Ok((index, verdict))
}
