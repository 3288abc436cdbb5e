//! Resolves `secret_key_ref`: environment variables directly, stored secrets
//! through the provider of `kt.secrets/1`.

use kt_plugin_api::{Context, Error};
use kt_policy::SecretRef;
use serde::Deserialize;
use serde_json::json;
use std::path::PathBuf;

/// The interface of secret stores; see the plugin `gateway-control`.
const INTERFACE: &str = "kt.secrets/1";

/// Resolves references to secrets.
pub(crate) struct SecretResolver<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) state_dir: PathBuf,
}

#[derive(Deserialize)]
struct GetSecretResponse {
    value: Option<String>,
}

impl SecretResolver<'_> {
    /// Returns the secret, or `None` when it does not exist.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn resolve(&self, reference: &SecretRef) -> Result<Option<String>, Error> {
        match reference {
            SecretRef::Env(name) => Ok(std::env::var(name).ok().filter(|v| !v.is_empty())),
            SecretRef::Store(name) => {
                let store = self.context.open_provider(INTERFACE, None)?;
                let request = json!({ "state_dir": self.state_dir, "name": name });
                store
                    .call::<GetSecretResponse>("get", &request)
                    .map(|response| response.value)
            }
        }
    }
}

/// Describes a reference in messages; never its value.
pub(crate) fn describe(reference: &SecretRef) -> String {
    match reference {
        SecretRef::Env(name) => format!("the environment variable `{name}`"),
        SecretRef::Store(name) => format!("the stored secret `{name}`"),
    }
}
