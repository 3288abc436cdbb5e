//! The analyzer of Microsoft Presidio: one request for each text, spans in characters.

use super::context::JudgeContext;
use super::post::ask;
use crate::plugin_calls::CallError;
use crate::snapshot::HttpClient;
use kt_policy::{
    Guard, GuardFailure, GuardText, GuardVerdict, HttpGuard, Judged, Span, resolve_verdicts,
};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;

/// `POST /analyze`. All versions take one text.
#[derive(Serialize)]
struct AnalyzeRequest<'t> {
    text: &'t str,
    language: &'t str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    entities: &'t [String],
    score_threshold: f64,
    correlation_id: &'t str,
}

#[derive(Deserialize)]
struct Entity {
    entity_type: String,
    start: usize,
    end: usize,
    score: f64,
}

/// Asks the analyzer about each text.
///
/// # Errors
/// Why there is no valid answer about one of them.
pub(super) async fn judge(
    guard: &Guard,
    (http, client): (&HttpGuard, &HttpClient),
    texts: &[GuardText],
    context: &JudgeContext,
) -> Result<Vec<Judged>, CallError> {
    let next = RefCell::new(0..texts.len());
    let verdicts = RefCell::new(Vec::new());
    let analyze_next = || async {
        loop {
            let Some(index) = next.borrow_mut().next() else {
                return Ok::<(), CallError>(());
            };
            let found = analyze(guard, (http, client), &texts[index].text, context).await?;
            if !found.is_empty() {
                verdicts
                    .borrow_mut()
                    .push((index, GuardVerdict::Redact(found)));
            }
        }
    };
    // Four at the same time.
    let (first, second, third, fourth) = (
        analyze_next(),
        analyze_next(),
        analyze_next(),
        analyze_next(),
    );
    tokio::try_join!(first, second, third, fourth)?;
    let texts: Vec<&str> = texts.iter().map(|text| &*text.text).collect();
    resolve_verdicts(&texts, verdicts.into_inner()).map_err(|error| {
        let message = format!("its answer is not valid: {error}");
        CallError::new(GuardFailure::InvalidAnswer, message)
    })
}

async fn analyze(
    guard: &Guard,
    (http, client): (&HttpGuard, &HttpClient),
    text: &str,
    context: &JudgeContext,
) -> Result<Vec<Span>, CallError> {
    let least = http.min_score as f64 / 100.0;
    let request = AnalyzeRequest {
        text,
        language: &http.language,
        entities: &http.entities,
        score_threshold: least,
        correlation_id: &context.request_id,
    };
    let body = serde_json::to_vec(&request).unwrap_or_default();
    let entities: Vec<Entity> = ask(guard, client, body, context).await?;
    let asked = |entity: &Entity| {
        let listed = http.entities.is_empty() || http.entities.contains(&entity.entity_type);
        listed && entity.score >= least
    };
    let span = |entity: Entity| Span {
        start: entity.start,
        end: entity.end,
        label: entity.entity_type,
    };
    Ok(entities.into_iter().filter(asked).map(span).collect())
}
