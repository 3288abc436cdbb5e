//! Guards that are asked over HTTP.

use super::context::JudgeContext;
use super::post::ask;
use super::{plugin, presidio};
use crate::plugin_calls::CallError;
use crate::snapshot::HttpClient;
use kt_plugin_api::policy::JudgeResult;
use kt_policy::{Guard, GuardFailure, GuardText, HttpForm, HttpGuard, Judged};
use tokio::time::timeout;

/// Asks a service.
///
/// # Errors
/// Why there is no valid answer.
pub(super) async fn judge(
    guard: &Guard,
    (http, client): (&HttpGuard, &HttpClient),
    texts: &[GuardText],
    context: &JudgeContext,
) -> Result<Vec<Judged>, CallError> {
    let asked = async {
        match http.form {
            HttpForm::Presidio => presidio::judge(guard, (http, client), texts, context).await,
            HttpForm::Http => {
                let request = plugin::request(texts, &http.settings, context);
                let body = serde_json::to_vec(&request).unwrap_or_default();
                let answer: JudgeResult = ask(guard, client, body, context).await?;
                plugin::resolve(texts, answer)
            }
        }
    };
    timeout(guard.timeout, asked).await.unwrap_or_else(|_| {
        let message = format!("no answer within {:?}", guard.timeout);
        Err(CallError::new(GuardFailure::Timeout, message))
    })
}
