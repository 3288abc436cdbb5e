//! Connects a chain with the guards outside of the gateway.

use super::credential::{Credential, credential_header};
use super::endpoint::Endpoint;
use super::error::BuildError;
use super::secrets::{SecretResolver, describe};
use crate::plugin_calls::{PluginCalls, PluginLane};
use kt_plugin_api::policy::{INTERFACE, PolicyDescription};
use kt_plugin_api::{Context, Error};
use kt_policy::{Chain, Document, Guard, GuardService, HttpForm, HttpGuard};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// The time limit to start a plugin and to ask what it is.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// Who is asked, ready to be asked.
pub(crate) enum GuardClient {
    /// A provider of `kt.policy/1`.
    Plugin(Arc<PluginLane>),
    /// A service over HTTP.
    Http(Box<HttpClient>),
}

/// How a service is reached.
pub(crate) struct HttpClient {
    pub(crate) endpoint: Endpoint,
    pub(crate) credential: Credential,
}

/// Connects the guards of a chain.
///
/// # Errors
/// The location of the one that is not available in the chain.
pub(super) fn connect(
    chain: &Chain,
    document: &Document,
    secrets: &SecretResolver<'_>,
    plugins: &PluginCalls,
) -> Result<Vec<GuardClient>, BuildError> {
    let connect = |guard: &Guard| match &guard.service {
        GuardService::Plugin { name, .. } => {
            check_plugin(name, secrets.context).map_err(|(code, message)| {
                let path = chain_path(document, guard);
                BuildError::at(document, code, message, path)
            })?;
            Ok(GuardClient::Plugin(plugins.lane(name)))
        }
        GuardService::Http(http) => http_client(http, secrets)
            .map(|client| GuardClient::Http(Box::new(client)))
            .map_err(|(code, key, message)| {
                let path = format!("policy.{}.{key}", guard.policy);
                BuildError::at(document, code, message, path)
            }),
    };
    chain.guards().iter().map(connect).collect()
}

/// Resolves the address and the credential of a service.
fn http_client(
    http: &HttpGuard,
    secrets: &SecretResolver<'_>,
) -> Result<HttpClient, (&'static str, &'static str, String)> {
    let endpoint = Endpoint::from_address(&address(http))
        .map_err(|message| ("invalid-url", "url", message))?;
    let Some(reference) = &http.secret else {
        return Ok(HttpClient {
            endpoint,
            credential: Credential::None,
        });
    };
    let described = describe(reference);
    let error = |message: String| ("secret-missing", "secret_key_ref", message);
    let secret = secrets
        .resolve(reference)
        .map_err(|source| error(format!("{described} cannot be read: {source}")))?
        .ok_or_else(|| error(format!("{described} does not exist")))?;
    let credential = credential_header(&http.header, &http.scheme, &secret)
        .ok_or_else(|| error(format!("{described} is not a valid header value")))?;
    Ok(HttpClient {
        endpoint,
        credential,
    })
}

/// Returns the address that texts are posted to: Presidio's needs no path.
fn address(http: &HttpGuard) -> String {
    let (scheme, rest) = http.url.split_once("://").unwrap_or(("http", &http.url));
    let bare = !rest.trim_end_matches('/').contains(['/', '?']);
    match http.form {
        HttpForm::Presidio if bare => {
            format!("{scheme}://{}/analyze", rest.trim_end_matches('/'))
        }
        _ => http.url.clone(),
    }
}

/// Checks that a plugin is installed and answers.
fn check_plugin(name: &str, context: &Context<'_>) -> Result<(), (&'static str, String)> {
    let context = context.with_timeout(START_TIMEOUT);
    let failed = |error: Error| {
        let causes = error.causes.iter().map(|cause| format!(": {cause}"));
        let reason = error.message.clone() + &causes.collect::<String>();
        (
            "plugin-failed",
            format!("plugin `{name}` cannot be used: {reason}"),
        )
    };
    let known = context.providers(INTERFACE).map_err(failed)?;
    if known.iter().all(|provider| provider.name != name) {
        let names: Vec<&str> = known.iter().map(|provider| &*provider.name).collect();
        let others = if names.is_empty() {
            "none is installed".to_owned()
        } else {
            format!("installed are: {}", names.join(", "))
        };
        let message = format!(
            "no plugin provides `{INTERFACE}` as `{name}`; {others}; see `kt plugin install`"
        );
        return Err(("plugin-not-installed", message));
    }
    let provider = context.open_provider(INTERFACE, Some(name));
    provider
        .and_then(|provider| provider.call::<PolicyDescription>("describe", &json!({})))
        .map_err(failed)?;
    Ok(())
}

fn chain_path(document: &Document, guard: &Guard) -> String {
    let index = document.chain.iter().position(|kind| *kind == guard.policy);
    format!("policies.chain[{}]", index.unwrap_or_default())
}
