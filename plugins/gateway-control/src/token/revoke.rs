//! `kt token revoke`.

use super::issued::parse_token_id;
use crate::args::TokenRevokeArgs;
use kt_control_api::{Client, ErrorClass, TokenInfo, Transport, connect, with_token_suggestion};
use kt_plugin_api::{Context, Error, Invocation, Output, View};
use serde_json::json;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: TokenRevokeArgs = invocation.arguments()?;
    let ids = args.token_id.iter().map(|id| parse_token_id(id));
    let client = connect(invocation, context)?;
    let ids = ids
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| named_error(error, &client, &args.token_id))?;
    let mut revoked: Vec<TokenInfo> = Vec::new();
    for id in &ids {
        let token = context.check_cancelled().and_then(|()| {
            client.revoke_token(id).map_err(|error| {
                let is_missing = error.class == ErrorClass::NotFound;
                let error = Error::from(error);
                if is_missing {
                    with_token_suggestion(error, &client, id.as_str())
                } else {
                    error
                }
            })
        });
        let token = token.map_err(|error| partly(error, &revoked))?;
        revoked.push(token);
    }
    let lines = revoked
        .iter()
        .map(|token| View::Message(format!("token `{}` ({}) is revoked", token.name, token.id)));
    let view = View::Sections(lines.collect());
    let value = match revoked.as_slice() {
        [only] => json!(only),
        all => json!(all),
    };
    Ok(Output::new("kt.token.revoke/1", value, view).name_path("/id"))
}

/// Adds the tokens with similar ids or names to the error for what is not an id.
fn named_error<T: Transport>(error: Error, client: &Client<T>, ids: &[String]) -> Error {
    let invalid = ids.iter().find(|id| parse_token_id(id).is_err());
    match invalid {
        Some(text) => with_token_suggestion(error, client, text),
        None => error,
    }
}

/// Adds which tokens are revoked to the error of a later one.
fn partly(error: Error, revoked: &[TokenInfo]) -> Error {
    if revoked.is_empty() {
        return error;
    }
    let ids: Vec<String> = revoked.iter().map(|token| token.id.to_string()).collect();
    error
        .cause(format!("already revoked: {}", ids.join(", ")))
        .data("revoked", json!(ids))
}
