//! Showing a token that was made, the one time it can be.

use super::file::{Draft, kept};
use kt_control_api::{IssuedToken, TokenId};
use kt_plugin_api::{Class, Error, Field, Invocation, Output, View};
use serde_json::json;

/// Shows the token, or writes it to the file that was asked for.
pub(super) fn result(
    schema: &str,
    issued: &IssuedToken,
    replaces: Option<&TokenId>,
    draft: Option<Draft>,
) -> Result<Output, Error> {
    let Some(token) = &issued.token else {
        return Err(lost(issued));
    };
    let mut value = json!({
        "id": issued.info.id,
        "name": issued.info.name,
        "scope": issued.info.scope,
        "gateway": issued.info.gateway,
        "expires_at": issued.info.expires_at,
    });
    let in_file = draft.is_some();
    let (key, shown) = kept(token, draft).map_err(|error| unkept(error, issued))?;
    if let Some(members) = value.as_object_mut() {
        members.insert(key.to_owned(), shown.into());
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
        output.note("keep the token now: it is not shown again")
    })
}

/// The answer to the first attempt was lost, and the second does not have the token.
fn lost(issued: &IssuedToken) -> Error {
    let id = &issued.info.id;
    Error::new(
        Class::UnknownEffect,
        "token-lost",
        format!("token {id} was made, but the answer that had it was lost"),
    )
    .hint(format!(
        "revoke it and make another: kt token revoke --token-id {id}"
    ))
    .data("id", id.to_string())
}

fn unkept(error: Error, issued: &IssuedToken) -> Error {
    let id = &issued.info.id;
    error
        .hint(format!(
            "revoke it and make another: kt token revoke --token-id {id}"
        ))
        .data("id", id.to_string())
}

/// `--token-id`.
///
/// # Errors
/// Class `usage` when it is none, such as the token itself.
pub(super) fn token_id(invocation: &Invocation) -> Result<TokenId, Error> {
    // The text is not repeated: it may be a token.
    invocation.required("token-id")?.parse().map_err(|_| {
        Error::new(
            Class::Usage,
            "bad-token-id",
            "`--token-id` takes the id of a token, `tok_` and 16 characters",
        )
        .hint("`kt token list` shows the ids")
    })
}

/// A duration in whole seconds.
///
/// # Errors
/// Class `usage` when it is shorter than a second.
pub(super) fn seconds(invocation: &Invocation, name: &str) -> Result<Option<u64>, Error> {
    match invocation.args.duration(name).map(|d| d.as_secs()) {
        Some(0) => Err(Error::new(
            Class::Usage,
            "bad-duration",
            format!("`--{name}` must be at least `1s`"),
        )),
        seconds => Ok(seconds),
    }
}
