//! The interface `kt.secrets/1`, with which other plugins read a secret. Method `get`, request
//! `{"state_dir", "name"}`, response `{"value"}` with `null` for an unknown name.

use super::store::SecretStore;
use kt_plugin_api::{Class, Context, Error, Provider};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::PathBuf;

pub(crate) struct SecretsProvider;

#[derive(Deserialize)]
struct GetRequest {
    state_dir: PathBuf,
    name: String,
}

impl Provider for SecretsProvider {
    fn call(&self, method: &str, request: Value, _: &Context<'_>) -> Result<Value, Error> {
        if method != "get" {
            let message = format!("`kt.secrets/1` has no method `{method}`");
            return Err(Error::new(Class::Plugin, "unsupported-method", message));
        }
        let request: GetRequest = serde_json::from_value(request).map_err(|e| {
            Error::new(
                Class::Plugin,
                "invalid-request",
                "the request cannot be read",
            )
            .cause(e)
        })?;
        Ok(json!({ "value": SecretStore::new(&request.state_dir).read()?.get(&request.name) }))
    }
}
