//! The secret store, for `secret_key_ref: {store: NAME}`.

mod command;
mod provider;
mod store;

pub(crate) use command::{count, list, names, remove, set};
pub(crate) use provider::SecretsProvider;
