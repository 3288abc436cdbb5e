//! Requests to guards over HTTP.

use super::context::JudgeContext;
use crate::plugin_calls::CallError;
use crate::snapshot::HttpClient;
use crate::upstream::post;
use kt_policy::{Guard, GuardFailure};
use serde::de::DeserializeOwned;

/// The maximum size of an answer.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Posts a request, and parses the answer. Neither is part of an error.
pub(super) async fn ask<T: DeserializeOwned>(
    guard: &Guard,
    client: &HttpClient,
    body: Vec<u8>,
    context: &JudgeContext,
) -> Result<T, CallError> {
    let unavailable = |message: String| CallError::new(GuardFailure::Unavailable, message);
    let to = (&client.endpoint, &client.credential);
    let (status, body) = post(&context.pool, to, guard.timeout, body, MAX_ANSWER_BYTES)
        .await
        .map_err(unavailable)?;
    if !status.is_success() {
        return Err(unavailable(format!("it responded with {status}")));
    }
    serde_json::from_slice(&body).map_err(|error| {
        let kind = error.classify();
        let message = format!("its answer cannot be parsed ({kind:?} error)");
        CallError::new(GuardFailure::InvalidAnswer, message)
    })
}
