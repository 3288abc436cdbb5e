//! `kt.secrets/1`: how other plugins get a secret. Method `get`, request
//! `{"state_dir", "name"}`, answer `{"value"}` with `null` for an unknown name.

use super::store::Store;
use kt_plugin_api::{Class, Context, Error, Provider};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::PathBuf;

pub(crate) struct SecretsProvider;

#[derive(Deserialize)]
struct Get {
    state_dir: PathBuf,
    name: String,
}

impl Provider for SecretsProvider {
    fn call(&self, method: &str, request: Value, _: &Context<'_>) -> Result<Value, Error> {
        if method != "get" {
            let message = format!("`kt.secrets/1` has no method `{method}`");
            return Err(Error::new(Class::Plugin, "unsupported-method", message));
        }
        let get: Get = serde_json::from_value(request).map_err(|e| {
            Error::new(Class::Plugin, "bad-request", "the request cannot be read").cause(e)
        })?;
        Ok(json!({ "value": Store::new(&get.state_dir).read()?.get(&get.name) }))
    }
}
