//! Resolves `secret_key_ref`: environment variables here, stored secrets
//! through whoever provides `kt.secrets/1`.

use kt_plugin_api::{Context, Error};
use kt_policy::SecretRef;
use serde::Deserialize;
use serde_json::json;
use std::path::PathBuf;

/// The interface of secret stores; see the plugin `gateway-control`.
const INTERFACE: &str = "kt.secrets/1";

/// Where secrets come from.
pub(crate) struct Secrets<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) state_dir: PathBuf,
}

#[derive(Deserialize)]
struct Answer {
    value: Option<String>,
}

impl Secrets<'_> {
    /// The secret, or `None` when it does not exist.
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
                    .call::<Answer>("get", &request)
                    .map(|answer| answer.value)
            }
        }
    }
}

/// What a reference is called in messages; never its value.
pub(crate) fn describe(reference: &SecretRef) -> String {
    match reference {
        SecretRef::Env(name) => format!("the environment variable `{name}`"),
        SecretRef::Store(name) => format!("the stored secret `{name}`"),
    }
}
