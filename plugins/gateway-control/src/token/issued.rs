//! The output of an issued token, the only time that it is available.

use super::output_file::{OutputFile, store_token};
use kt_control_api::{IssuedToken, TokenId};
use kt_plugin_api::{Class, Error, Field, Output, View};
use serde_json::json;
use std::time::Duration;

/// Prints the token, or writes it to the output file.
pub(super) fn result(
    schema: &str,
    issued: &IssuedToken,
    replaces: Option<&TokenId>,
    output_file: Option<OutputFile>,
) -> Result<Output, Error> {
    let Some(token) = &issued.token else {
        return Err(token_lost_error(issued));
    };
    let mut value = json!({
        "id": issued.info.id,
        "name": issued.info.name,
        "scope": issued.info.scope,
        "gateway": issued.info.gateway,
        "expires_at": issued.info.expires_at,
    });
    let in_file = output_file.is_some();
    let (key, stored) =
        store_token(token, output_file).map_err(|error| add_revoke_hint(error, issued))?;
    if let Some(members) = value.as_object_mut() {
        members.insert(key.to_owned(), stored.into());
        if let Some(old) = replaces {
            members.insert("replaces".to_owned(), json!(old));
        }
    }
    let view = View::Fields(vec![
        Field::new("ID", "/id"),
        Field::new("Name", "/name"),
        Field::new("Scope", "/scope"),
        Field::new("Gateway", "/gateway"),
        Field::new("Expires", "/expires_at"),
        Field::new("Replaces", "/replaces"),
        Field::new("Token", "/token"),
        Field::new("File", "/output_file"),
    ]);
    let output = Output::new(schema, value, view).name_path("/id");
    Ok(if in_file {
        output
    } else {
        output.note("store the token now: it cannot be printed again")
    })
}

/// The response to the first attempt was lost, and the response to the retry has no token.
fn token_lost_error(issued: &IssuedToken) -> Error {
    let id = &issued.info.id;
    let message = format!("token {id} was issued, but the response with it was lost");
    let error = Error::new(Class::UnknownEffect, "token-lost", message);
    add_revoke_hint(error, issued)
}

fn add_revoke_hint(error: Error, issued: &IssuedToken) -> Error {
    let id = &issued.info.id;
    error
        .hint(format!(
            "revoke it and create another: kt token revoke {id}"
        ))
        .data("id", id.to_string())
}

/// Parses `--token-id`.
///
/// # Errors
/// Class `usage` if it is not an id, but for example the token itself.
pub(super) fn parse_token_id(text: &str) -> Result<TokenId, Error> {
    // The value is not quoted: it may be a token.
    text.parse().map_err(|_| {
        Error::new(
            Class::Usage,
            "invalid-token-id",
            "`--token-id` must be the id of a token: `tok_` and 16 characters",
        )
        .hint("`kt token list` lists the ids")
    })
}

/// Parses a duration in whole seconds.
///
/// # Errors
/// Class `usage` if it is shorter than a second.
pub(super) fn parse_seconds(name: &str, value: Option<Duration>) -> Result<Option<u64>, Error> {
    match value.map(|d| d.as_secs()) {
        Some(0) => Err(Error::new(
            Class::Usage,
            "invalid-duration",
            format!("`--{name}` must be at least `1s`"),
        )),
        seconds => Ok(seconds),
    }
}
